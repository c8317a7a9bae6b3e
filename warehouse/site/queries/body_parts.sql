-- Grain: one body part as series state it, of one system: the twelve with the most series.

with counted as (
    select
        source_id,
        body_part_id,
        count(*) as series
    from fct_series
    group by
        source_id,
        body_part_id
)

select
    counted.source_id,
    coalesce(dim_body_part.body_part_name, counted.body_part_id, '(not stated)') as body_part,
    counted.series
from counted
left join dim_body_part on counted.body_part_id = dim_body_part.body_part_id
qualify row_number() over (partition by counted.source_id order by counted.series desc, counted.body_part_id) <= 12
order by
    counted.source_id,
    counted.series desc,
    counted.body_part_id
