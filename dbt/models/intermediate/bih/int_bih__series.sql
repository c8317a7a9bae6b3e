-- Grain: one imaging series of a repository that the BDF Imaging Hub federates, in the shape of fct_series.

select
    {{ surrogate_key(["'bih'", 'series.series_natural_key']) }} as series_key,
    {{ surrogate_key(["'bih'"]) }} as source_key,
    {{ surrogate_key(["'bih'", "'imaging_series'"]) }} as release_key,
    {{ federated_repository_key('series.commons_name') }} as repository_key,
    {{ reference_key(["'bih'", 'series.collection_natural_key']) }} as collection_key,
    {{ portal_patient_key("'bih'", 'series.patient_natural_key') }} as patient_key,
    {{ reference_key(["'bih'", 'series.study_natural_key']) }} as study_key,
    {{ modality_key('series.modality') }} as modality_key,
    {{ mapped_key('body_part', 'upper(series.body_part_examined)') }} as body_part_key,
    {{ mapped_key('manufacturer', 'upper(series.manufacturer)') }} as manufacturer_key,
    {{ mapped_key('license', 'series.license_raw') }} as license_key,
    series.source_id,
    {{ federated_repository_id('series.commons_name') }} as repository_id,
    series.collection_id,
    series.subject_id as patient_id,
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
    series.object_id,
    coalesce(series.series_viewer_url, series.dicom_viewer_url) as viewer_url,
    {{ drs_uri('series.object_id') }} as drs_uri,
    series.study_count,
    series.patient_count,
    series.collection_count,
    {{ is_dicom_uid('series.series_instance_uid') }} as has_valid_uid,
    coalesce(series.series_natural_key <> series.series_instance_uid, false) as is_repeated_uid
from {{ ref('int_bih__imaging_series_keyed') }} as series
{{ join_repository('series.commons_name') }}
{{ join_modality('series.modality') }}
{{ join_mapping('body_part', 'upper(series.body_part_examined)') }}
{{ join_mapping('manufacturer', 'upper(series.manufacturer)') }}
{{ join_mapping('license', 'series.license_raw', 'series.source_id') }}
