-- Grain: one revision of a series in one span of earlier IDC releases.

with source as (

    select * from {{ source('idc', 'prior_versions_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('collection_id') }} as collection_id,
        {{ not_blank('PatientID') }} as patient_id,
        {{ not_blank('StudyInstanceUID') }} as study_instance_uid,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        {{ not_blank('Modality') }} as modality,
        {{ not_blank('crdc_series_uuid') }} as crdc_series_uuid,
        coalesce(aws_bucket, split_part(series_aws_url, '/', 3)) as aws_bucket,
        series_aws_url,
        {{ size_bytes_of('series_size_MB') }} as size_bytes,
        min_idc_version as first_idc_version,
        max_idc_version as last_idc_version
    from source

)

select * from renamed
