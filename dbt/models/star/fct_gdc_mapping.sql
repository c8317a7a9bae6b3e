-- Grain: one study of a patient that is a case of the Genomic Data Commons (GDC).

select
    {{ surrogate_key(['source_id', 'study_instance_uid']) }} as study_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'gdc_idc_mapping'"]) }} as release_key,
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    {{ surrogate_key(['source_id', 'collection_id', 'patient_id']) }} as patient_key,
    source_id,
    collection_id,
    patient_id,
    study_instance_uid,
    study_date,
    study_description,
    study_type,
    gdc_case_id
from {{ ref('stg_idc__gdc_idc_mapping') }}
