-- Grain: one data file of the portal that holds a DICOM series, in the shape of fct_series.

select
    {{ surrogate_key(["'midrc'", 'series.series_natural_key']) }} as series_key,
    {{ surrogate_key(["'midrc'"]) }} as source_key,
    {{ surrogate_key(["'midrc'", "'data_file'"]) }} as release_key,
    {{ reference_key(["'midrc'", 'series.collection_id']) }} as collection_key,
    {{ portal_patient_key("'midrc'", 'series.patient_natural_key') }} as patient_key,
    {{ reference_key(["'midrc'", 'series.study_natural_key']) }} as study_key,
    {{ modality_key('series.modality') }} as modality_key,
    {{ mapped_key('body_part', 'upper(series.body_part_examined)') }} as body_part_key,
    {{ mapped_key('manufacturer', 'upper(series.manufacturer)') }} as manufacturer_key,
    {{ mapped_key('license', 'series.license_raw') }} as license_key,
    series.source_id,
    series.collection_id,
    series.case_id as patient_id,
    series.study_instance_uid,
    series.series_instance_uid,
    series.series_node_id,
    series.modality,
    {{ mapped_id('license', 'series.license_raw') }} as license_id,
    series.license_raw,
    series.licenses_raw,
    lower(series.data_url_doi) as source_doi,
    {{ mapped_id('body_part', 'upper(series.body_part_examined)') }} as body_part_id,
    series.body_part_examined,
    series.age_at_imaging_years as patient_age_years,
    series.study_description,
    series.series_description,
    {{ mapped_id('manufacturer', 'upper(series.manufacturer)') }} as manufacturer_id,
    series.manufacturer,
    series.manufacturer_model_name,
    series.instance_count,
    series.size_bytes,
    series.object_id,
    {{ drs_uri('series.object_id') }} as drs_uri,
    series.study_count,
    series.patient_count,
    series.collection_count,
    {{ is_dicom_uid('series.series_instance_uid') }} as has_valid_uid,
    series.series_natural_key <> series.series_instance_uid as is_repeated_uid
from {{ ref('int_midrc__series_keyed') }} as series
{{ join_modality('series.modality') }}
{{ join_mapping('body_part', 'upper(series.body_part_examined)') }}
{{ join_mapping('manufacturer', 'upper(series.manufacturer)') }}
{{ join_mapping('license', 'series.license_raw', 'series.source_id') }}
