-- Grain: one imaging study of a repository that the BDF Imaging Hub federates, in the shape of dim_study and fct_study.

select
    {{ surrogate_key(["'bih'", 'studies.study_natural_key']) }} as study_key,
    {{ surrogate_key(["'bih'"]) }} as source_key,
    {{ surrogate_key(["'bih'", "'imaging_study'"]) }} as release_key,
    {{ federated_repository_key('studies.commons_name') }} as repository_key,
    {{ portal_patient_key("'bih'", 'studies.patient_natural_key') }} as patient_key,
    {{ reference_key(["'bih'", 'studies.collection_natural_key']) }} as collection_key,
    {{ mapped_key('license', 'studies.license_raw') }} as license_key,
    {{ reference_key(['studies.loinc_code']) }} as procedure_code_key,
    studies.source_id,
    {{ federated_repository_id('studies.commons_name') }} as repository_id,
    studies.study_instance_uid,
    studies.study_node_id,
    studies.license_raw,
    studies.licenses_raw,
    cast(0 as {{ dbt.type_bigint() }}) as study_date_count,
    studies.study_description,
    studies.study_viewer_url as viewer_url,
    cast(case when studies.study_description is null then 0 else 1 end as {{ dbt.type_bigint() }}) as study_description_count,
    studies.loinc_code,
    studies.age_at_imaging_years,
    studies.patient_count,
    studies.collection_count,
    {{ is_dicom_uid('studies.study_instance_uid') }} as has_valid_uid,
    coalesce(studies.study_natural_key <> studies.study_instance_uid, false) as is_repeated_uid,
    true as is_described
from {{ ref('int_bih__imaging_study_keyed') }} as studies
{{ join_repository('studies.commons_name') }}
{{ join_mapping('license', 'studies.license_raw', 'studies.source_id') }}
