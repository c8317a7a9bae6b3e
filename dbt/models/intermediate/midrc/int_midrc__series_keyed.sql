-- Grain: one data file of the portal that holds a DICOM series.
--
-- A series is known by its SeriesInstanceUID. Where several files share one, the first by node id keeps it and the others are
-- known by their node ids, so that none is lost and none is doubled (series_natural_key). The study, the case, the dataset and
-- the licence stand here where the file names exactly one.

with files as (

    select
        source_id,
        file_node_id as series_node_id,
        project_id,
        series_instance_uid,
        object_id,
        modality,
        instance_count,
        size_bytes,
        series_description,
        manufacturer,
        manufacturer_model_name,
        {{ sole_value('study_node_ids') }} as study_node_id,
        {{ sole_value('study_instance_uids') }} as study_instance_uid,
        {{ value_count('study_instance_uids') }} as study_count,
        {{ sole_value('case_node_ids') }} as case_node_id,
        {{ sole_value('case_ids') }} as case_id,
        {{ value_count('case_ids') }} as patient_count,
        {{ sole_value('dataset_ids') }} as collection_id,
        {{ value_count('dataset_ids') }} as collection_count,
        {{ sole_value('licenses') }} as license_raw,
        {{ sorted_list('licenses') }} as licenses_raw,
        {{ sole_value('data_url_dois') }} as data_url_doi,
        {{ sole_value('study_body_part_examined') }} as body_part_examined,
        {{ years_of(sole_number('study_age_at_imaging_years')) }} as age_at_imaging_years,
        {{ sole_value('study_description') }} as study_description
    from {{ ref('stg_midrc__data_file') }}
    where series_instance_uid is not null

),

repeated as (

    select series_instance_uid
    from files
    group by series_instance_uid
    having count(*) > 1

),

later as (

    select
        files.series_node_id,
        row_number() over (
            partition by files.series_instance_uid
            order by files.series_node_id nulls last
        ) as place
    from files
    inner join repeated
        on files.series_instance_uid = repeated.series_instance_uid

),

cases as (

    select
        case_node_id,
        patient_natural_key
    from {{ ref('stg_midrc__case') }}

),

studies as (

    select
        study_node_id,
        study_natural_key
    from {{ ref('stg_midrc__imaging_study') }}

)

select
    files.source_id,
    files.series_node_id,
    files.series_instance_uid,
    coalesce(later.series_node_id, files.series_instance_uid) as series_natural_key,
    files.project_id,
    files.object_id,
    files.modality,
    files.instance_count,
    files.size_bytes,
    files.series_description,
    files.manufacturer,
    files.manufacturer_model_name,
    files.study_instance_uid,
    coalesce(studies.study_natural_key, files.study_instance_uid) as study_natural_key,
    files.study_count,
    files.case_id,
    coalesce(cases.patient_natural_key, files.case_id) as patient_natural_key,
    files.patient_count,
    files.collection_id,
    files.collection_count,
    files.license_raw,
    files.licenses_raw,
    files.data_url_doi,
    files.body_part_examined,
    files.age_at_imaging_years,
    files.study_description
from files
left join later
    on files.series_node_id = later.series_node_id
    and later.place > 1
left join cases
    on files.case_node_id = cases.case_node_id
left join studies
    on files.study_node_id = studies.study_node_id
