-- Grain: one annotation series.

with source as (

    select * from {{ source('idc', 'ann_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        {{ text_or_null('AnnotationCoordinateType') }} as annotation_coordinate_type,
        {{ text_or_null('referenced_SeriesInstanceUID') }} as referenced_series_instance_uid
    from source

)

select * from renamed
