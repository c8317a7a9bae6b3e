-- Which TCGA collections have radiology, and how many of their patients with slides have it, too?
-- Asked in https://github.com/cBioPortal/datahub/issues/2256.
-- One row is one TCGA collection of IDC.
with patients as (

    select
        series.collection_id,
        series.patient_key,
        max(case when series.modality = 'SM' then 1 else 0 end) as has_slides,
        max(case when modalities.modality_kind = 'image' and series.modality <> 'SM' then 1 else 0 end) as has_radiology
    from fct_series as series
    join dim_modality as modalities
        on series.modality_key = modalities.modality_key
    where
        series.source_id = 'idc'
        and series.collection_id like 'tcga_%'
    group by
        series.collection_id,
        series.patient_key

)

select
    collection_id,
    sum(has_slides) as with_slides,
    sum(has_radiology) as with_radiology,
    sum(has_slides * has_radiology) as with_both
from patients
group by collection_id
order by
    with_both desc,
    collection_id
