-- Grain: one imaging study of a repository that the BDF Imaging Hub federates.

with source as (

    select * from {{ source('bih', 'imaging_study') }}

),

renamed as (

    select
        'bih' as source_id,
        _imaging_study_id as study_node_id,
        submitter_id as study_id,
        {{ text_or_null('"StudyInstanceUID"') }} as study_instance_uid,
        auth_resource_path,
        project_id,
        {{ text_or_null('"StudyDescription"') }} as study_description,
        study_viewer_url,
        try_cast(round("PatientAge", 3) as decimal(9, 3)) as age_at_imaging_years,
        "PatientAge" as age_at_imaging_raw,
        {{ text_or_null('"PatientSex"') }} as sex_raw,
        {{ text_or_null('"PatientID"') }} as patient_id,
        {{ text_or_null('"EthnicGroup"') }} as ethnicity_raw,
        {{ text_or_null('loinc_code') }} as loinc_code,
        {{ text_or_null('loinc_long_common_name') }} as loinc_long_common_name,
        {{ text_or_null('loinc_method') }} as loinc_method,
        {{ text_or_null('loinc_system') }} as loinc_system,
        {{ text_or_null('loinc_contrast') }} as loinc_contrast,
        race as races,
        subject_id as subject_ids,
        collection_id as collection_ids,
        commons_name as commons_names,
        commons_long_name as commons_long_names,
        data_contributor as data_contributors,
        data_host as data_hosts,
        data_url_doi as data_url_dois,
        disease_type as disease_types,
        license as licenses,
        metadata_source_api as metadata_source_apis,
        metadata_source_date as metadata_source_dates,
        metadata_source_version as metadata_source_versions,
        primary_site as primary_sites,
        {{ sole_value('subject_id') }} as subject_id,
        {{ sole_value('collection_id') }} as collection_id,
        {{ sole_value('commons_name') }} as commons_name,
        {{ sole_value('license') }} as sole_license_raw,
        {{ list_text('license') }} as license_raw,
        {{ value_count('subject_id') }} as patient_count,
        {{ value_count('collection_id') }} as collection_count
    from source

)

select
    renamed.source_id,
    renamed.study_node_id,
    renamed.study_id,
    renamed.study_instance_uid,
    coalesce(repeated.node_id, renamed.study_instance_uid) as study_natural_key,
    renamed.auth_resource_path,
    renamed.project_id,
    renamed.study_description,
    renamed.study_viewer_url,
    renamed.age_at_imaging_years,
    renamed.age_at_imaging_raw,
    renamed.sex_raw,
    renamed.patient_id,
    renamed.ethnicity_raw,
    renamed.loinc_code,
    renamed.loinc_long_common_name,
    renamed.loinc_method,
    renamed.loinc_system,
    renamed.loinc_contrast,
    renamed.races,
    renamed.subject_id,
    coalesce(repeated_subject.node_id, renamed.subject_id) as patient_natural_key,
    renamed.subject_ids,
    renamed.patient_count,
    renamed.collection_id,
    coalesce(repeated_dataset.node_id, renamed.collection_id) as collection_natural_key,
    renamed.collection_ids,
    renamed.collection_count,
    renamed.commons_name,
    renamed.commons_names,
    renamed.commons_long_names,
    renamed.data_contributors,
    renamed.data_hosts,
    renamed.data_url_dois,
    renamed.disease_types,
    renamed.sole_license_raw,
    renamed.license_raw,
    renamed.licenses,
    renamed.metadata_source_apis,
    renamed.metadata_source_dates,
    renamed.metadata_source_versions,
    renamed.primary_sites
from renamed
left join {{ ref('int_bih__repeated_ids') }} as repeated
    on renamed.study_node_id = repeated.node_id
    and repeated.entity = 'imaging_study'
left join {{ ref('int_bih__repeated_ids') }} as repeated_subject
    on renamed.subject_id = repeated_subject.natural_id
    and renamed.project_id = repeated_subject.project_id
    and repeated_subject.entity = 'subject'
    and repeated_subject.is_referred_to
left join {{ ref('int_bih__repeated_ids') }} as repeated_dataset
    on renamed.collection_id = repeated_dataset.natural_id
    and renamed.project_id = repeated_dataset.project_id
    and repeated_dataset.entity = 'dataset'
    and repeated_dataset.is_referred_to
