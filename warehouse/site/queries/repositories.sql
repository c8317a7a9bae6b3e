-- Grain: one repository that the BDF Imaging Hub federates, by the series that the hub lists of it.

with counted as (
    select
        source_id,
        repository_id,
        count(*) as series,
        count(distinct collection_key) as collections
    from fct_series
    where source_id = 'bih'
    group by
        source_id,
        repository_id
)

select
    counted.source_id,
    coalesce(dim_source.commons_name, counted.repository_id, '(not stated)') as repository,
    counted.series,
    counted.collections
from counted
left join dim_source on counted.repository_id = dim_source.source_id
order by
    counted.series desc,
    counted.repository_id
