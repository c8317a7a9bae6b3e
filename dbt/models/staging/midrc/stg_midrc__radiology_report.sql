-- Grain: one radiology report.

with source as (

    select * from {{ source('midrc', 'radiology_report') }}

),

renamed as (

    select
        'midrc' as source_id,
        _radiology_report_id as report_node_id,
        submitter_id as report_id,
        auth_resource_path,
        project_id,
        case_submitter_id as case_ids,
        imaging_study_submitter_id as study_ids,
        {{ text_or_null('object_id') }} as object_id,
        file_name,
        {{ plausible_count('file_size') }} as size_bytes,
        file_size_raw as size_raw,
        {{ text_or_null('data_type') }} as data_type,
        {{ text_or_null('modality') }} as modality,
        body_part_examined as body_part_examined_values,
        {{ text_or_null('report_generation_method') }} as report_generation_method,
        {{ text_or_null('report_modification_method') }} as report_modification_method,
        {{ text_or_null('study_description') }} as study_description,
        study_description as study_description_raw,
        age_at_imaging as study_age_at_imaging_years,
        imaging_study_body_part_examined as study_body_part_examined,
        days_from_study_to_neg_covid_test as study_days_from_study_to_neg_covid_test,
        days_from_study_to_pos_covid_test as study_days_from_study_to_pos_covid_test,
        days_to_study as study_days_to_study,
        image_data_modified as study_image_data_modified,
        loinc_code as study_loinc_code,
        loinc_long_common_name as study_loinc_long_common_name,
        loinc_method as study_loinc_method,
        loinc_system as study_loinc_system,
        loinc_contrast as study_loinc_contrast,
        imaging_study_description as study_descriptions,
        study_modality,
        sex as case_sex,
        race as case_race,
        ethnicity as case_ethnicity,
        age_at_index as case_age_at_index_years,
        index_event as case_index_event,
        zip as case_zip,
        covid19_positive as case_covid19_positive,
        dataset_submitter_id as dataset_ids,
        license as licenses,
        data_url_doi as data_url_dois,
        data_contributor as data_contributors
    from source

)

select * from renamed
