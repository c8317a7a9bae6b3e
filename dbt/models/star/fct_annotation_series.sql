-- Grain: one annotation series.

with annotations as (

    select
        annotations.*,
        {{ occurrence('annotations', 'series_instance_uid', 'stg_idc__ann_index') }} as occurrence,
        {{ reference_key(['source_id', 'referenced_series_instance_uid']) }} as named_series_key
    from {{ ref('stg_idc__ann_index') }} as annotations

)

select
    {{ key_of_occurrence('series_instance_uid', 'annotations') }} as series_key,
    {{ surrogate_key(['annotations.source_id']) }} as source_key,
    {{ surrogate_key(['annotations.source_id', "'ann_index'"]) }} as release_key,
    referenced_series.series_key as referenced_series_key,
    annotations.source_id,
    annotations.series_instance_uid,
    annotations.annotation_coordinate_type,
    annotations.referenced_series_instance_uid
from annotations
left join {{ ref('fct_series') }} as referenced_series
    on annotations.named_series_key = referenced_series.series_key
