-- Grain: one DICOM series of the artifact.

with series as (

    select
        tcia_idc_subset.*,
        {{ occurrence('tcia_idc_subset', 'series_instance_uid', 'stg_idc__tcia_idc_subset') }} as occurrence
    from {{ ref('stg_idc__tcia_idc_subset') }} as tcia_idc_subset

)

select
    {{ key_of_occurrence('series_instance_uid') }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'tcia_idc_subset'"]) }} as release_key,
    {{ reference_key(['source_id', 'collection_id']) }} as collection_key,
    {{ reference_key(['source_id', 'collection_id', 'patient_id']) }} as patient_key,
    {{ reference_key(['source_id', 'study_instance_uid']) }} as study_key,
    source_id,
    collection_id,
    patient_id,
    study_instance_uid,
    series_instance_uid,
    size_bytes,
    series_aws_url
from series
