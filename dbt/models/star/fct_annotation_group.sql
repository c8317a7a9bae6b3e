-- Grain: one annotation group of an annotation series. Where the artifact repeats the number of a group inside its
-- series, `occurrence` tells the rows apart, so that none is lost and no key is doubled.

with annotation_groups as (

    select
        annotation_groups.*,
        row_number() over (
            partition by
                source_id,
                series_instance_uid,
                annotation_group_number
            order by
                annotation_group_uid nulls last,
                annotation_group_label nulls last,
                annotation_group_generation_type nulls last,
                number_of_annotations nulls last,
                graphic_type nulls last,
                annotation_property_category_code nulls last,
                annotation_property_category_code_meaning nulls last,
                annotation_property_type_code nulls last,
                annotation_property_type_code_meaning nulls last,
                algorithm_name nulls last
        ) as occurrence
    from {{ ref('stg_idc__ann_group_index') }} as annotation_groups

)

select
    {{ surrogate_key(['source_id', 'series_instance_uid', 'annotation_group_number', 'occurrence']) }}
        as annotation_group_key,
    {{ reference_key(['source_id', 'series_instance_uid']) }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'ann_group_index'"]) }} as release_key,
    case
        when algorithm_name is not null or annotation_group_generation_type is not null
            then {{ surrogate_key(['source_id', 'algorithm_name', 'annotation_group_generation_type']) }}
    end as algorithm_key,
    source_id,
    series_instance_uid,
    annotation_group_number,
    cast(occurrence as integer) as occurrence,
    annotation_group_uid,
    annotation_group_label,
    annotation_group_generation_type,
    number_of_annotations,
    graphic_type,
    annotation_property_category_code,
    annotation_property_category_code_meaning,
    annotation_property_type_code,
    annotation_property_type_code_meaning,
    algorithm_name
from annotation_groups
