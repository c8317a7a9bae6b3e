-- Grain: one DICOM series in one IDC release of those that this build compares.

with source as (

    select * from {{ source('landed', 'idc_history') }}

),

-- Cleaned as in stg_idc__idc_index, so that only what the star says can change.
renamed as (

    select
        idc_version,
        upstream_version,
        absent_columns,
        {{ not_blank('collection_id') }} as collection_id,
        {{ not_blank('PatientID') }} as patient_id,
        {{ not_blank('StudyInstanceUID') }} as study_instance_uid,
        SeriesInstanceUID as series_instance_uid,
        {{ not_blank("coalesce(crdc_series_uuid, split_part(series_aws_url, '/', 4))") }} as crdc_series_uuid,
        {{ snake_case_id(text_or_null('analysis_result_id')) }} as analysis_result_id,
        lower({{ text_or_null('source_DOI') }}) as source_doi,
        {{ text_or_null('PatientAge') }} as patient_age_raw,
        {{ text_or_null('PatientSex') }} as patient_sex_raw,
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
        {{ not_blank('license_short_name') }} as license_raw
    from source

)

select * from renamed
