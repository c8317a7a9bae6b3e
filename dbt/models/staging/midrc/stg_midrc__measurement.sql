-- Grain: one laboratory measurement.

with source as (

    select * from {{ source('midrc', 'measurement') }}

),

renamed as (

    select
        'midrc' as source_id,
        _measurement_id as measurement_node_id,
        submitter_id as measurement_id,
        auth_resource_path,
        project_id,
        case_ids,
        test_days_from_index as days_from_index,
        {{ text_or_null('test_method') }} as test_method,
        {{ text_or_null('test_name') }} as test_name,
        {{ text_or_null('test_result_text') }} as test_result,
        dataset_submitter_id as dataset_ids,
        license as licenses,
        data_url_doi as data_url_dois,
        data_contributor as data_contributors
    from source

)

select * from renamed
