-- Grain: one annotation group of an annotation series.

with source as (

    select * from {{ source('idc', 'ann_group_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        AnnotationGroupNumber as annotation_group_number,
        {{ text_or_null('AnnotationGroupUID') }} as annotation_group_uid,
        {{ text_or_null('AnnotationGroupLabel') }} as annotation_group_label,
        {{ text_or_null('AnnotationGroupGenerationType') }} as annotation_group_generation_type,
        {{ plausible_count('NumberOfAnnotations') }} as number_of_annotations,
        {{ text_or_null('GraphicType') }} as graphic_type,
        {{ text_or_null('AnnotationPropertyCategory_code') }} as annotation_property_category_code,
        {{ text_or_null('AnnotationPropertyCategory_CodeMeaning') }} as annotation_property_category_code_meaning,
        {{ text_or_null('AnnotationPropertyType_code') }} as annotation_property_type_code,
        {{ text_or_null('AnnotationPropertyType_CodeMeaning') }} as annotation_property_type_code_meaning,
        {{ text_or_null('AlgorithmName') }} as algorithm_name
    from source

)

select * from renamed
