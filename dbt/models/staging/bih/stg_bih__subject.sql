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
        {{ sole_value('collection_id') }} as collection_id,
        {{ sole_value('commons_name') }} as commons_name
    from source

)

select
    renamed.source_id,
    renamed.subject_node_id,
    renamed.subject_id,
    coalesce(repeated.node_id, renamed.subject_id) as patient_natural_key,
    renamed.auth_resource_path,
    renamed.project_id,
    renamed.race_raw,
    renamed.collection_id,
    coalesce(repeated_dataset.node_id, renamed.collection_id) as collection_natural_key,
    renamed.collection_ids,
    renamed.commons_name,
    renamed.commons_names,
    renamed.commons_long_names,
    renamed.data_contributors,
    renamed.data_hosts,
    renamed.data_url_dois,
    renamed.disease_types,
    renamed.licenses,
    renamed.metadata_source_apis,
    renamed.metadata_source_dates,
    renamed.metadata_source_versions,
    renamed.primary_sites
from renamed
left join {{ ref('int_bih__repeated_ids') }} as repeated
    on renamed.subject_node_id = repeated.node_id
    and repeated.entity = 'subject'
left join {{ ref('int_bih__repeated_ids') }} as repeated_dataset
    on renamed.collection_id = repeated_dataset.natural_id
    and renamed.project_id = repeated_dataset.project_id
    and repeated_dataset.entity = 'dataset'
    and repeated_dataset.is_referred_to
