-- Grain: one RT structure set series.

with source as (

    select * from {{ source('idc', 'rtstruct_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        total_rois,
        ROINames as roi_names,
        ROIGenerationAlgorithms as roi_generation_algorithms,
        RTROIInterpretedTypes as rt_roi_interpreted_types,
        {{ text_or_null('referenced_SeriesInstanceUID') }} as referenced_series_instance_uid
    from source

)

select * from renamed
