-- Grain: one IDC analysis result.

with source as (

    select * from {{ source('idc', 'analysis_results_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ snake_case_id('analysis_result_id') }} as analysis_result_id,
        analysis_result_id as analysis_result_id_raw,
        analysis_result_title,
        lower({{ text_or_null('source_DOI') }}) as source_doi,
        {{ text_or_null('source_url') }} as source_url,
        subjects as subjects_reported,
        {{ text_or_null('collections') }} as collections_reported,
        {{ text_or_null('modalities') }} as modalities,
        {{ stated_date('updated') }} as updated_on,
        license_short_name as license_raw,
        {{ text_or_null('description') }} as description,
        {{ text_or_null('citation') }} as citation
    from source

)

select * from renamed
