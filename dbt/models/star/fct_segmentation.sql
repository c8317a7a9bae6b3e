-- Grain: one segmentation series.

with segmentations as (

    select
        segmentations.*,
        {{ occurrence('segmentations', 'series_instance_uid', 'stg_idc__seg_index') }} as occurrence,
        case
            when algorithm_name is not null or algorithm_type is not null
                then {{ surrogate_key(['source_id', 'algorithm_name', 'algorithm_type']) }}
        end as algorithm_key,
        {{ reference_key(['source_id', 'segmented_series_instance_uid']) }} as named_series_key
    from {{ ref('stg_idc__seg_index') }} as segmentations

)

select
    {{ key_of_occurrence('series_instance_uid', 'segmentations') }} as series_key,
    {{ surrogate_key(['segmentations.source_id']) }} as source_key,
    {{ surrogate_key(['segmentations.source_id', "'seg_index'"]) }} as release_key,
    segmentations.algorithm_key,
    segmented_series.series_key as segmented_series_key,
    segmentations.source_id,
    segmentations.series_instance_uid,
    segmentations.segmentation_type,
    segmentations.total_segments,
    segmentations.algorithm_type as algorithm_type_raw,
    segmentations.algorithm_name,
    segmentations.segmented_series_instance_uid,
    segmentations.segmented_property_category_code_meanings,
    segmentations.segmented_property_type_code_meanings,
    segmentations.anatomic_region_code_meanings
from segmentations
left join {{ ref('fct_series') }} as segmented_series
    on segmentations.named_series_key = segmented_series.series_key
