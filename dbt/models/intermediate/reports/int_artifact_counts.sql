-- Grain: one metric of IDC's segmentations, annotation groups or clinical tables that share one value of one dimension.
--
-- Counts over the artifacts that describe them; where such an artifact is not landed, the same things can be recognised in
-- idc_index by what their makers write into the series (is_proxy). In release 23.5.0 both ways give the published numbers.

with segmentations as (

    select
        segmentations.source_id,
        segmentations.algorithm_name,
        segmentations.total_segments,
        segmentations.segmented_series_instance_uid,
        segmented_series.collection_id
    from {{ ref('fct_segmentation') }} as segmentations
    left join {{ ref('fct_series') }} as segmented_series
        on segmentations.segmented_series_key = segmented_series.series_key

),

series as (

    select
        source_id,
        modality,
        case
            when series_description like 'TotalSegmentator(v1.5.6)%' then 'TotalSegmentator v1.5.6'
            when manufacturer_model_name like 'TIL Inception-V4 2022%' then 'Stony Brook TIL Inception-V4 2022'
            when manufacturer_model_name = 'Pan-Cancer-Nuclei-Seg' then 'Pan-Cancer-Nuclei-Seg'
            when series_description = 'AIMI Brain MRI AI segmentation' then 'BAMF-Brain-MR'
            when series_description = '3d_fullres-tta_nnU-Net_Segmentation' then '3d_fullres-tta_nnU-Net'
            when series_description = 'AIMI Prostate Segmentation' then 'BAMF-Prostate-MR'
        end as algorithm_name,
        case
            when series_description = 'Stony Brook Inception-V4 Binary TIL Map' then 'Stony Brook TIL Inception-V4 2022'
        end as binary_map_algorithm_name,
        case
            when analysis_result_id = 'pan_cancer_nuclei_seg_dicom' then 'POLYGON'
        end as graphic_type
    from {{ ref('fct_series') }}
    where
        source_id = 'idc'
        and modality in ('SEG', 'ANN')

),

counts as (

    select
        source_id,
        'segmentation' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'source_series' as metric,
        count(distinct segmented_series_instance_uid) as counted,
        false as is_proxy
    from segmentations
    group by source_id
    union all
    select
        source_id,
        'segmentation' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'seg_series' as metric,
        count(*) as counted,
        false as is_proxy
    from segmentations
    group by source_id
    {% for dimension, column in {'collection': 'collection_id', 'algorithm': 'algorithm_name'}.items() %}
    union all
    select
        source_id,
        'segmentation' as entity,
        '{{ dimension }}' as dimension,
        coalesce({{ column }}, 'no data') as dimension_value,
        'source_series' as metric,
        count(distinct segmented_series_instance_uid) as counted,
        false as is_proxy
    from segmentations
    group by
        source_id,
        coalesce({{ column }}, 'no data')
    union all
    select
        source_id,
        'segmentation' as entity,
        '{{ dimension }}' as dimension,
        coalesce({{ column }}, 'no data') as dimension_value,
        'seg_series' as metric,
        count(*) as counted,
        false as is_proxy
    from segmentations
    group by
        source_id,
        coalesce({{ column }}, 'no data')
    {% endfor %}
    union all
    select
        source_id,
        'segmentation' as entity,
        'segments' as dimension,
        coalesce(cast(total_segments as {{ dbt.type_string() }}), 'no data') as dimension_value,
        'seg_series' as metric,
        count(*) as counted,
        false as is_proxy
    from segmentations
    group by
        source_id,
        coalesce(cast(total_segments as {{ dbt.type_string() }}), 'no data')
    {% for metric, expression in {'groups': 'count(*)', 'annotations': 'sum(number_of_annotations)'}.items() %}
    union all
    select
        source_id,
        'annotation_group' as entity,
        'graphic_type' as dimension,
        coalesce(graphic_type, 'no data') as dimension_value,
        '{{ metric }}' as metric,
        {{ expression }} as counted,
        false as is_proxy
    from {{ ref('fct_annotation_group') }}
    group by
        source_id,
        coalesce(graphic_type, 'no data')
    {% endfor %}
    {% for metric, column in {'collections': 'collection_id', 'tables': 'short_table_name'}.items() %}
    union all
    select
        source_id,
        'clinical_table' as entity,
        'total' as dimension,
        'all' as dimension_value,
        '{{ metric }}' as metric,
        count(distinct {{ column }}) as counted,
        false as is_proxy
    from {{ ref('fct_clinical_column') }}
    group by source_id
    {% endfor %}
    union all
    select
        source_id,
        'segmentation' as entity,
        'collection' as dimension,
        dimension_value,
        'seg_series' as metric,
        counted,
        true as is_proxy
    from {{ ref('int_series_counts') }}
    where
        source_id = 'idc'
        and dimension = 'seg_collection'
        and metric = 'series'
    union all
    select
        source_id,
        'segmentation' as entity,
        'algorithm' as dimension,
        algorithm_name as dimension_value,
        'seg_series' as metric,
        count(*) as counted,
        true as is_proxy
    from series
    where
        modality = 'SEG'
        and algorithm_name is not null
    group by
        source_id,
        algorithm_name
    union all
    -- Of each slide there is a binary and a probability map: the binary ones are as many as the slides.
    select
        source_id,
        'segmentation' as entity,
        'algorithm' as dimension,
        binary_map_algorithm_name as dimension_value,
        'source_series' as metric,
        count(*) as counted,
        true as is_proxy
    from series
    where
        modality = 'SEG'
        and binary_map_algorithm_name is not null
    group by
        source_id,
        binary_map_algorithm_name
    union all
    select
        source_id,
        'annotation_group' as entity,
        'graphic_type' as dimension,
        graphic_type as dimension_value,
        'groups' as metric,
        count(*) as counted,
        true as is_proxy
    from series
    where
        modality = 'ANN'
        and graphic_type is not null
    group by
        source_id,
        graphic_type

)

select
    source_id,
    entity,
    dimension,
    dimension_value,
    metric,
    cast(counted as {{ dbt.type_bigint() }}) as counted,
    is_proxy
from counts
where counted is not null
