-- Grain: one DICOM series of the artifact.

select
    {{ surrogate_key(['source_id', 'series_instance_uid']) }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'tcia_idc_subset'"]) }} as release_key,
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    {{ surrogate_key(['source_id', 'collection_id', 'patient_id']) }} as patient_key,
    {{ surrogate_key(['source_id', 'study_instance_uid']) }} as study_key,
    source_id,
    collection_id,
    patient_id,
    study_instance_uid,
    series_instance_uid,
    size_bytes,
    series_aws_url
from {{ ref('stg_idc__tcia_idc_subset') }}
