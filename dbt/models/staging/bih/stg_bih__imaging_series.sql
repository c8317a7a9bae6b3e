-- Grain: one imaging series of a repository that the BDF Imaging Hub federates.

with source as (

    select * from {{ source('bih', 'imaging_series') }}

),

renamed as (

    select
        'bih' as source_id,
        _imaging_series_id as series_node_id,
        submitter_id as series_id,
        {{ text_or_null('"SeriesInstanceUID"') }} as series_instance_uid,
        auth_resource_path,
        project_id,
        {{ text_or_null('"Modality"') }} as modality,
        {{ text_or_null('"BodyPartExamined"') }} as body_part_examined,
        {{ text_or_null('"Manufacturer"') }} as manufacturer,
        {{ text_or_null('"SeriesDescription"') }} as series_description,
        series_viewer_url,
        dicom_viewer_url,
        object_ids,
        "StudyInstanceUID" as study_instance_uids,
        "StudyDescription" as study_descriptions,
        "PatientID" as patient_ids,
        "PatientAge" as ages_at_imaging_years,
        "PatientSex" as sexes,
        "EthnicGroup" as ethnicities,
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
        {{ sole_value('"StudyInstanceUID"') }} as study_instance_uid,
        {{ sole_value('"StudyDescription"') }} as study_description,
        {{ sole_value('subject_id') }} as subject_id,
        {{ sole_value('data_url_doi') }} as data_url_doi,
        try_cast(round({{ sole_number('"PatientAge"') }}, 3) as decimal(9, 3)) as age_at_imaging_years,
        {{ sole_value('object_ids') }} as object_id,
        {{ sole_value('collection_id') }} as collection_id,
        {{ sole_value('commons_name') }} as commons_name,
        {{ sole_value('license') }} as sole_license_raw,
        {{ list_text('license') }} as license_raw,
        {{ value_count('"StudyInstanceUID"') }} as study_count,
        {{ value_count('subject_id') }} as patient_count,
        {{ value_count('collection_id') }} as collection_count
    from source

)

select
    renamed.source_id,
    renamed.series_node_id,
    renamed.series_id,
    renamed.series_instance_uid,
    coalesce(repeated.node_id, renamed.series_instance_uid) as series_natural_key,
    renamed.auth_resource_path,
    renamed.project_id,
    renamed.modality,
    renamed.body_part_examined,
    renamed.manufacturer,
    renamed.series_description,
    renamed.series_viewer_url,
    renamed.dicom_viewer_url,
    renamed.object_id,
    renamed.object_ids,
    renamed.study_instance_uid,
    coalesce(repeated_study.node_id, renamed.study_instance_uid) as study_natural_key,
    renamed.study_instance_uids,
    renamed.study_count,
    renamed.study_description,
    renamed.study_descriptions,
    renamed.patient_ids,
    renamed.age_at_imaging_years,
    renamed.ages_at_imaging_years,
    renamed.sexes,
    renamed.ethnicities,
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
    renamed.data_url_doi,
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
    on renamed.series_node_id = repeated.node_id
    and repeated.entity = 'imaging_series'
left join {{ ref('int_bih__repeated_ids') }} as repeated_study
    on renamed.study_instance_uid = repeated_study.natural_id
    and renamed.project_id = repeated_study.project_id
    and repeated_study.entity = 'imaging_study'
    and repeated_study.is_referred_to
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
