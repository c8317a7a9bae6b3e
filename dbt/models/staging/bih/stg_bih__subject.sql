-- Grain: one subject of a repository that the BDF Imaging Hub federates.

with source as (

    select * from {{ source('bih', 'subject') }}

),

renamed as (

    select
        'bih' as source_id,
        _subject_id as subject_node_id,
        {{ text_or_null('submitter_id') }} as subject_id,
        auth_resource_path,
        project_id,
        {{ text_or_null('race') }} as race_raw,
        {{ sole_value('collection_id') }} as collection_id,
        collection_id as collection_ids,
        {{ sole_value('commons_name') }} as commons_name,
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
        primary_site as primary_sites
    from source

)

select * from renamed
