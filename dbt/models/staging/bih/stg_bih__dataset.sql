-- Grain: one dataset of a repository that the BDF Imaging Hub federates.

with source as (

    select * from {{ source('bih', 'dataset') }}

),

renamed as (

    select
        'bih' as source_id,
        _dataset_id as dataset_node_id,
        submitter_id as dataset_submitter_id,
        auth_resource_path,
        project_id,
        {{ text_or_null('collection_id') }} as collection_id,
        {{ text_or_null('commons_name') }} as commons_name,
        {{ text_or_null('commons_long_name') }} as commons_long_name,
        {{ text_or_null('full_name') }} as full_name,
        {{ text_or_null('data_url_doi') }} as data_url_doi,
        {{ text_or_null('license') }} as license_raw,
        {{ text_or_null('disease_type') }} as disease_type,
        {{ text_or_null('primary_site') }} as primary_site,
        {{ stated_date('metadata_source_date') }} as metadata_source_date,
        {{ text_or_null('metadata_source_date') }} as metadata_source_date_raw,
        {{ text_or_null('metadata_source_version') }} as metadata_source_version,
        {{ text_or_null('publication_citation') }} as citation
    from source

)

select * from renamed
