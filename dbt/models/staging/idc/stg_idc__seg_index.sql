-- Grain: one segmentation series.

with source as (

    select * from {{ source('idc', 'seg_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        {{ text_or_null('SegmentationType') }} as segmentation_type,
        {{ plausible_count('total_segments') }} as total_segments,
        {{ text_or_null('AlgorithmType') }} as algorithm_type,
        {{ text_or_null('AlgorithmName') }} as algorithm_name,
        {{ text_or_null('segmented_SeriesInstanceUID') }} as segmented_series_instance_uid,
        SegmentedPropertyCategory_CodeMeanings as segmented_property_category_code_meanings,
        SegmentedPropertyType_CodeMeanings as segmented_property_type_code_meanings,
        AnatomicRegion_CodeMeanings as anatomic_region_code_meanings
    from source

)

select * from renamed
