-- Grain: one case of the portal.
--
-- A case is known by its submitter id. Where several cases share one (of two projects), the first by node id keeps it and the
-- others are known by their node ids, so that none is lost and none is doubled (patient_natural_key).

with source as (

    select * from {{ source('midrc', 'case') }}

),

renamed as (

    select
        'midrc' as source_id,
        _case_id as case_node_id,
        submitter_id as case_id,
        {{ natural_key('submitter_id', '_case_id') }} as patient_natural_key,
        auth_resource_path,
        project_id,
        {{ text_or_null('sex') }} as sex_raw,
        {{ text_or_null('race') }} as race_raw,
        {{ text_or_null('ethnicity') }} as ethnicity_raw,
        {{ text_or_null('covid19_positive') }} as covid19_positive_raw,
        {{ years_of('age_at_index') }} as age_at_index_years,
        age_at_index as age_at_index_raw,
        {{ text_or_null('index_event') }} as index_event,
        {{ text_or_null('zip') }} as zip,
        _imaging_studies_count as study_count,
        _ct_series_file_count as ct_series_file_count,
        _cr_series_file_count as cr_series_file_count,
        _dx_series_file_count as dx_series_file_count,
        _mr_series_file_count as mr_series_file_count,
        _radiology_report_count as radiology_report_count,
        data_file_count as file_count,
        dataset_submitter_id as dataset_ids,
        license as licenses,
        data_url_doi as data_url_dois,
        data_contributor as data_contributors,
        case_annotations,
        imaging_study_annotations as study_annotations,
        measurements,
        medications,
        conditions,
        procedures,
        imaging_studies as studies,
        object_id as object_ids,
        data_format as data_formats,
        data_type as data_types,
        data_category as data_categories,
        data_file_image_data_modified as file_image_data_modified,
        data_file_image_data_modification_name as file_image_data_modification_name,
        data_file_image_data_modification_method as file_image_data_modification_method
    from source

)

select * from renamed
