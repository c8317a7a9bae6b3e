-- Grain: one study of a patient that is a GDC case.

with source as (

    select * from {{ source('idc', 'gdc_idc_mapping') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('collection_id') }} as collection_id,
        {{ not_blank('PatientID') }} as patient_id,
        {{ not_blank('StudyInstanceUID') }} as study_instance_uid,
        {{ stated_date('StudyDate') }} as study_date,
        {{ text_or_null('StudyDescription') }} as study_description,
        {{ text_or_null('study_type') }} as study_type,
        {{ text_or_null('gdc_case_id') }} as gdc_case_id
    from source

)

select * from renamed
