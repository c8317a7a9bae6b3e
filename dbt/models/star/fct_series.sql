-- Grain: one DICOM series as one source describes it.

with series as (

    select
        series.*,
        coalesce(map_license.license_id, series.license_raw) as license_id
    from {{ ref('stg_idc__idc_index') }} as series
    left join {{ ref('map_license') }} as map_license
        on series.source_id = map_license.source_id
        and series.license_raw = map_license.license_raw

)

select
    {{ surrogate_key(['source_id', 'series_instance_uid']) }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'idc_index'"]) }} as release_key,
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    {{ surrogate_key(['source_id', 'collection_id', 'patient_id']) }} as patient_key,
    {{ surrogate_key(['source_id', 'study_instance_uid']) }} as study_key,
    {{ surrogate_key(['modality']) }} as modality_key,
    {{ surrogate_key(['license_id']) }} as license_key,
    case
        when analysis_result_id is not null then {{ surrogate_key(['source_id', 'analysis_result_id']) }}
    end as analysis_result_key,
    source_id,
    collection_id,
    patient_id,
    study_instance_uid,
    series_instance_uid,
    modality,
    license_id,
    license_raw,
    analysis_result_id,
    analysis_result_id_raw,
    source_doi,
    body_part_examined,
    patient_sex_raw,
    patient_age_raw,
    patient_age_years,
    study_date,
    study_description,
    series_date,
    series_number,
    series_description,
    manufacturer,
    manufacturer_model_name,
    sop_class_uid,
    sop_class_name,
    transfer_syntax_uid,
    transfer_syntax_name,
    photometric_interpretation,
    pixel_representation,
    instance_count,
    size_bytes,
    first_idc_version,
    revised_idc_version,
    crdc_series_uuid,
    aws_bucket,
    series_aws_url
from series
