-- Grain: one body part, as it is written, of one study: that the study's record states (MIDRC) or that its series have (the others).

with stated as (

    select
        source_id,
        study_natural_key,
        body_part_examined
    from {{ ref('int_midrc__study_body_parts') }}

)

select
    {{ surrogate_key(['stated.source_id', 'stated.study_natural_key']) }} as study_key,
    {{ mapped_key('body_part', 'upper(stated.body_part_examined)') }} as body_part_key,
    {{ mapped_id('body_part', 'upper(stated.body_part_examined)') }} as body_part_id,
    stated.body_part_examined,
    true as is_stated,
    cast(null as {{ dbt.type_bigint() }}) as series_count
from stated
{{ join_mapping('body_part', 'upper(stated.body_part_examined)') }}
union all
select
    study_key,
    min(body_part_key) as body_part_key,
    min(body_part_id) as body_part_id,
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
