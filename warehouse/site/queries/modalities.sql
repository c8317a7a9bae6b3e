-- Grain: one modality of the series of one system, the twelve with the most series.

with counted as (
    select
        source_id,
        modality,
        count(*) as series
    from fct_series
    group by
        source_id,
        modality
)

select
    source_id,
    coalesce(modality, '(not stated)') as modality,
    series
from counted
qualify row_number() over (partition by source_id order by series desc, modality) <= 12
order by
    source_id,
    series desc,
    modality
