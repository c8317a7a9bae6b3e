-- Grain: one imaging study of the portal.
--
-- A study is known by its StudyInstanceUID. Where several records share one, the first by node id keeps it; the others, and
-- those without a UID, are known by their node ids, so that none is lost and none is doubled (study_natural_key).

with source as (

    select * from {{ source('midrc', 'imaging_study') }}

),

renamed as (

    select
        'midrc' as source_id,
        _imaging_study_id as study_node_id,
        submitter_id as study_id,
        {{ text_or_null('study_uid') }} as study_instance_uid,
        {{ natural_key(text_or_null('study_uid'), '_imaging_study_id') }} as study_natural_key,
        auth_resource_path,
        project_id,
        case_ids,
        {{ years_of('age_at_imaging') }} as age_at_imaging_years,
        age_at_imaging as age_at_imaging_raw,
        study_modality,
        body_part_examined as body_part_examined_values,
        {{ text_or_null('study_description') }} as study_description,
        study_description as study_description_raw,
        study_year,
        {{ text_or_null('study_year_shifted') }} as study_year_shifted,
        days_to_study as days_to_study_raw,
        days_from_study_to_neg_covid_test as days_from_study_to_neg_covid_test_values,
        days_from_study_to_pos_covid_test as days_from_study_to_pos_covid_test_values,
        {{ text_or_null('image_data_modified') }} as image_data_modified_raw,
        {{ text_or_null('loinc_code') }} as loinc_code,
        {{ text_or_null('loinc_long_common_name') }} as loinc_long_common_name,
        {{ text_or_null('loinc_method') }} as loinc_method,
        {{ text_or_null('loinc_system') }} as loinc_system,
        {{ text_or_null('loinc_contrast') }} as loinc_contrast,
        _ct_series_file_count as ct_series_file_count,
        _cr_series_file_count as cr_series_file_count,
        _dx_series_file_count as dx_series_file_count,
        _mr_series_file_count as mr_series_file_count,
        _radiology_report_count as radiology_report_count,
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
        data_contributor as data_contributors,
        imaging_study_annotations as study_annotations,
        object_id as object_ids,
        data_format as data_formats,
        data_type as data_types,
        data_category as data_categories,
        dicom_header_file_guid as dicom_header_file_guids,
        data_file_source_node as file_source_nodes,
        data_file_annotation_name as file_annotation_names,
        data_file_annotation_method as file_annotation_methods,
        data_file_image_data_modified as file_image_data_modified,
        data_file_image_data_modification_name as file_image_data_modification_name,
        data_file_image_data_modification_method as file_image_data_modification_method
    from source

)

select * from renamed
