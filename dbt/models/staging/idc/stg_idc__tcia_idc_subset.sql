-- Grain: one DICOM series of the release.

with source as (

    select * from {{ source('idc', 'tcia_idc_subset') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('collection_id') }} as collection_id,
        {{ not_blank('PatientID') }} as patient_id,
        {{ not_blank('StudyInstanceUID') }} as study_instance_uid,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        {{ size_bytes_of('series_size_MB') }} as size_bytes,
        {{ text_or_null('series_aws_url') }} as series_aws_url
    from source

)

select * from renamed
