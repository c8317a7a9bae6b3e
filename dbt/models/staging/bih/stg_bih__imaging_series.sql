-- Grain: one imaging series of a repository that the BDF Imaging Hub federates.

with source as (

    select * from {{ source('bih', 'imaging_series') }}

),

renamed as (

    select
        'bih' as source_id,
        _imaging_series_id as series_node_id,
        submitter_id as series_id,
        {{ text_or_null('SeriesInstanceUID') }} as series_instance_uid,
        auth_resource_path,
        project_id,
        {{ text_or_null('Modality') }} as modality,
        {{ text_or_null('BodyPartExamined') }} as body_part_examined,
        {{ text_or_null('Manufacturer') }} as manufacturer,
        {{ text_or_null('SeriesDescription') }} as series_description,
        {{ text_or_null('series_viewer_url') }} as series_viewer_url,
        {{ text_or_null('dicom_viewer_url') }} as dicom_viewer_url,
        {{ sole_value('object_ids') }} as object_id,
        object_ids,
        {{ sole_value('StudyInstanceUID') }} as study_instance_uid,
        StudyInstanceUID as study_instance_uids,
        {{ value_count('StudyInstanceUID') }} as study_count,
        {{ sole_value('StudyDescription') }} as study_description,
        StudyDescription as study_descriptions,
        PatientID as patient_ids,
        {{ years_of(sole_number('PatientAge')) }} as age_at_imaging_years,
        PatientAge as ages_at_imaging_years,
        PatientSex as sexes,
        EthnicGroup as ethnicities,
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
        {{ sole_value('data_url_doi') }} as data_url_doi,
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
