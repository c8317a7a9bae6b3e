-- Grain: one DICOM series of the IDC release.

with source as (

    select * from {{ source('idc', 'idc_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('collection_id') }} as collection_id,
        {{ not_blank('PatientID') }} as patient_id,
        {{ not_blank('StudyInstanceUID') }} as study_instance_uid,
        SeriesInstanceUID as series_instance_uid,
        {{ snake_case_id(text_or_null('analysis_result_id')) }} as analysis_result_id,
        analysis_result_id as analysis_result_id_raw,
        lower({{ text_or_null('source_DOI') }}) as source_doi,
        {{ text_or_null('PatientAge') }} as patient_age_raw,
        {{ text_or_null('PatientSex') }} as patient_sex_raw,
        {{ dicom_age_years(text_or_null('PatientAge')) }} as patient_age_stated_years,
        {{ stated_date('StudyDate') }} as study_date,
        {{ text_or_null('StudyDescription') }} as study_description,
        {{ text_or_null('BodyPartExamined') }} as body_part_examined,
        {{ not_blank('Modality') }} as modality,
        {{ text_or_null('SOPClassUID') }} as sop_class_uid,
        {{ text_or_null('sop_class_name') }} as sop_class_name,
        {{ text_or_null('TransferSyntaxUID') }} as transfer_syntax_uid,
        {{ text_or_null('transfer_syntax_name') }} as transfer_syntax_name,
        {{ text_or_null('PhotometricInterpretation') }} as photometric_interpretation,
        {{ text_or_null('PixelRepresentation') }} as pixel_representation,
        {{ text_or_null('Manufacturer') }} as manufacturer,
        {{ text_or_null('ManufacturerModelName') }} as manufacturer_model_name,
        {{ stated_date('SeriesDate') }} as series_date,
        {{ text_or_null('SeriesDescription') }} as series_description,
        {{ text_or_null('SeriesNumber') }} as series_number,
        {{ plausible_count('instanceCount') }} as instance_count,
        {{ not_blank('license_short_name') }} as license_raw,
        series_init_idc_version as first_idc_version,
        series_revised_idc_version as revised_idc_version,
        -- Both columns came with v20; before that, the URL s3://<bucket>/<uuid>/* holds them.
        {{ not_blank("coalesce(aws_bucket, split_part(series_aws_url, '/', 3))") }} as aws_bucket,
        {{ not_blank("coalesce(crdc_series_uuid, split_part(series_aws_url, '/', 4))") }} as crdc_series_uuid,
        series_aws_url,
        -- 1 MB = 1,000,000 bytes. Up to v23 upstream rounds to 0.01 MB; in 24.2.2 and later the value is exact to the byte.
        {{ size_bytes_of('series_size_MB') }} as size_bytes
    from source

)

select * from renamed
