-- Grain: one body part, as it is written, of one study: that the study's record states (MIDRC) or that its series have (the others).

with stated as (

    select
        {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
        body_part_examined,
        true as is_stated,
        cast(null as {{ dbt.type_bigint() }}) as series_count
    from {{ ref('int_midrc__study_body_parts') }}

),

in_series as (

    select
        study_key,
        body_part_examined,
        false as is_stated,
        count(*) as series_count
    from {{ ref('fct_series') }}
    where
        -- The body part of a MIDRC series is that of its study.
        source_id <> 'midrc'
        and study_key is not null
        and body_part_examined is not null
    group by
        study_key,
        body_part_examined

),

body_parts as (

    select * from stated
    union all
    select * from in_series

),

mapped as (

    select
        body_parts.study_key,
        coalesce(map_body_part.body_part_id, upper(body_parts.body_part_examined)) as body_part_id,
        body_parts.body_part_examined,
        body_parts.is_stated,
        body_parts.series_count
    from body_parts
    left join {{ ref('map_body_part') }} as map_body_part
        on upper(body_parts.body_part_examined) = map_body_part.body_part_raw

)

select
    study_key,
    {{ surrogate_key(['body_part_id']) }} as body_part_key,
    body_part_id,
    body_part_examined,
    is_stated,
    series_count
from mapped
