-- Grain: one study of a patient that is a case of the Genomic Data Commons (GDC).

with studies as (

    select
        gdc_idc_mapping.*,
        {{ occurrence('gdc_idc_mapping', 'study_instance_uid', 'stg_idc__gdc_idc_mapping') }} as occurrence
    from {{ ref('stg_idc__gdc_idc_mapping') }} as gdc_idc_mapping

)

select
    {{ key_of_occurrence('study_instance_uid') }} as study_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'gdc_idc_mapping'"]) }} as release_key,
    {{ reference_key(['source_id', 'collection_id']) }} as collection_key,
    {{ reference_key(['source_id', 'collection_id', 'patient_id']) }} as patient_key,
    source_id,
    collection_id,
    patient_id,
    study_instance_uid,
    study_date,
    study_description,
    study_type,
    gdc_case_id
from studies
