-- Grain: one metric of IDC's segmentations or annotation groups that share one value of one attribute, counted over idc_index.
--
-- For where the artifacts that describe them are not landed: the same things can be recognised in idc_index by what their makers
-- write into the series. In release 23.5.0 both ways give the published numbers.

with series as (

    select
        source_id,
        modality,
        series_description,
        manufacturer_model_name,
        analysis_result_id
    from {{ ref('fct_series') }}
    where
        source_id = 'idc'
        and modality in ('SEG', 'ANN')

),

recognised as (

    select
        source_id,
        'segmentation' as entity,
        'algorithm' as dimension,
        'seg_series' as metric,
        case
            when series_description like 'TotalSegmentator(v1.5.6)%' then 'TotalSegmentator v1.5.6'
            when manufacturer_model_name like 'TIL Inception-V4 2022%' then 'Stony Brook TIL Inception-V4 2022'
            when manufacturer_model_name = 'Pan-Cancer-Nuclei-Seg' then 'Pan-Cancer-Nuclei-Seg'
            when series_description = 'AIMI Brain MRI AI segmentation' then 'BAMF-Brain-MR'
            when series_description = '3d_fullres-tta_nnU-Net_Segmentation' then '3d_fullres-tta_nnU-Net'
            when series_description = 'AIMI Prostate Segmentation' then 'BAMF-Prostate-MR'
        end as dimension_value
    from series
    where modality = 'SEG'
    union all
    -- Of each slide there is a binary and a probability map: the binary ones are as many as the slides.
    select
        source_id,
        'segmentation' as entity,
        'algorithm' as dimension,
        'source_series' as metric,
        'Stony Brook TIL Inception-V4 2022' as dimension_value
    from series
    where
        modality = 'SEG'
        and series_description = 'Stony Brook Inception-V4 Binary TIL Map'
    union all
    select
        source_id,
        'annotation_group' as entity,
        'graphic_type' as dimension,
        'groups' as metric,
        'POLYGON' as dimension_value
    from series
    where
        modality = 'ANN'
        and analysis_result_id = 'pan_cancer_nuclei_seg_dicom'

)

select
    source_id,
    entity,
    dimension,
    dimension_value,
    metric,
    count(*) as counted
from recognised
where dimension_value is not null
group by
    source_id,
    entity,
    dimension,
    dimension_value,
    metric
union all
select
    source_id,
    'segmentation' as entity,
    'collection' as dimension,
    dimension_value,
    'seg_series' as metric,
    counted
from {{ ref('int_series_collection_counts') }}
where
    source_id = 'idc'
    and dimension = 'seg_collection'
    and metric = 'series'
