-- Which collections have patients with both CT images and a segmentation (DICOM SEG or RTSTRUCT)?
with counted as (

    select
        collection_key,
        patient_key,
        sum(case when modality = 'CT' then 1 else 0 end) as ct_series,
        sum(case when modality in ('SEG', 'RTSTRUCT') then 1 else 0 end) as segmentation_series
    from fct_series
    where
        source_id = 'idc'
        and modality in ('CT', 'SEG', 'RTSTRUCT')
    group by
        collection_key,
        patient_key

)

select
    collections.collection_id,
    count(*) as patients,
    sum(counted.ct_series) as ct_series,
    sum(counted.segmentation_series) as segmentation_series
from counted
join dim_collection as collections
    on counted.collection_key = collections.collection_key
where
    counted.ct_series > 0
    and counted.segmentation_series > 0
group by collections.collection_id
order by
    patients desc,
    collections.collection_id
limit 10
