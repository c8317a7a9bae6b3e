-- Grain: one algorithm, as one source writes its name and type: of segmentation series or of annotation groups.

with stated as (

    select
        source_id,
        algorithm_name,
        algorithm_type as algorithm_type_raw,
        true as is_used_by_segmentations,
        false as is_used_by_annotation_groups
    from {{ ref('stg_idc__seg_index') }}
    union all
    select
        source_id,
        algorithm_name,
        annotation_group_generation_type as algorithm_type_raw,
        false as is_used_by_segmentations,
        true as is_used_by_annotation_groups
    from {{ ref('stg_idc__ann_group_index') }}

),

algorithms as (

    select
        source_id,
        algorithm_name,
        algorithm_type_raw,
        {{ dbt.bool_or('is_used_by_segmentations') }} as is_used_by_segmentations,
        {{ dbt.bool_or('is_used_by_annotation_groups') }} as is_used_by_annotation_groups
    from stated
    where
        algorithm_name is not null
        or algorithm_type_raw is not null
    group by
        source_id,
        algorithm_name,
        algorithm_type_raw

)

select
    {{ surrogate_key(['algorithms.source_id', 'algorithms.algorithm_name', 'algorithms.algorithm_type_raw']) }}
        as algorithm_key,
    {{ surrogate_key(['algorithms.source_id']) }} as source_key,
    algorithms.source_id,
    algorithms.algorithm_name,
    {{ harmonised_term('algorithm_type', 'algorithms') }} as algorithm_type,
    algorithms.algorithm_type_raw,
    algorithms.is_used_by_segmentations,
    algorithms.is_used_by_annotation_groups
from algorithms
{{ join_terms('algorithm_type', 'algorithms', any_case=false) }}
