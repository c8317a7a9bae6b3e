-- Grain: one IDC collection.

with source as (

    select * from {{ source('idc', 'collections_index') }}

),

renamed as (

    select
        'idc' as source_id,
        collection_id,
        collection_name,
        {{ snake_case_id(text_or_null('program_id')) }} as program_id,
        {{ text_or_null('cancer_types') }} as cancer_types,
        {{ text_or_null('tumor_locations') }} as tumor_locations,
        subjects as subjects_reported,
        {{ text_or_null('species') }} as species,
        {{ text_or_null('supporting_data') }} as supporting_data,
        {{ text_or_null('status') }} as status,
        {{ stated_date('updated') }} as updated_on,
        {{ text_or_null('description') }} as description,
        sources
    from source

)

select * from renamed
