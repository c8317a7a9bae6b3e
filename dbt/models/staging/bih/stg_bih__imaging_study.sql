-- Grain: one imaging study of a repository that the BDF Imaging Hub federates.

with source as (

    select * from {{ source('bih', 'imaging_study') }}

),

renamed as (

    select
        'bih' as source_id,
        _imaging_study_id as study_node_id,
        submitter_id as study_id,
        {{ text_or_null('StudyInstanceUID') }} as study_instance_uid,
        auth_resource_path,
        project_id,
        {{ text_or_null('StudyDescription') }} as study_description,
        {{ text_or_null('study_viewer_url') }} as study_viewer_url,
        {{ years_of('PatientAge') }} as age_at_imaging_years,
        PatientAge as age_at_imaging_raw,
        {{ text_or_null('PatientSex') }} as sex_raw,
        {{ text_or_null('PatientID') }} as patient_id,
        {{ text_or_null('EthnicGroup') }} as ethnicity_raw,
        {{ text_or_null('loinc_code') }} as loinc_code,
        {{ text_or_null('loinc_long_common_name') }} as loinc_long_common_name,
        {{ text_or_null('loinc_method') }} as loinc_method,
        {{ text_or_null('loinc_system') }} as loinc_system,
        {{ text_or_null('loinc_contrast') }} as loinc_contrast,
        race as races,
        {{ sole_value('subject_id') }} as subject_id,
        subject_id as subject_ids,
        {{ value_count('subject_id') }} as patient_count,
        {{ sole_value('collection_id') }} as collection_id,
        collection_id as collection_ids,
        {{ value_count('collection_id') }} as collection_count,
        {{ sole_value('commons_name') }} as commons_name,
        commons_name as commons_names,
        commons_long_name as commons_long_names,
        data_contributor as data_contributors,
        data_host as data_hosts,
        data_url_doi as data_url_dois,
        disease_type as disease_types,
        {{ sole_value('license') }} as license_raw,
        {{ sorted_list('license') }} as licenses_raw,
        license as licenses,
        metadata_source_api as metadata_source_apis,
        metadata_source_date as metadata_source_dates,
        metadata_source_version as metadata_source_versions,
        primary_site as primary_sites
    from source

)

select * from renamed
