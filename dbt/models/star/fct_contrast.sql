-- Grain: one series with contrast agent attributes.

with series as (

    select
        contrast_index.*,
        {{ occurrence('contrast_index', 'series_instance_uid', 'stg_idc__contrast_index') }} as occurrence
    from {{ ref('stg_idc__contrast_index') }} as contrast_index

)

select
    {{ key_of_occurrence('series_instance_uid') }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'contrast_index'"]) }} as release_key,
    source_id,
    series_instance_uid,
    contrast_bolus_agent,
    contrast_bolus_ingredient,
    contrast_bolus_route
from series
