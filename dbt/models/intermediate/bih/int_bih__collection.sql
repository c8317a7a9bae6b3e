-- Grain: one dataset of a repository that the BDF Imaging Hub federates, or that other records of it name, in the shape of
-- dim_collection.

{% set words = ['null', 'collections.disease_type', 'collections.primary_site'] %}

with named as (

    select collection_natural_key from {{ ref('int_bih__subject_collections') }}
    union
    select collection_natural_key from {{ ref('int_bih__imaging_study_collections') }}
    union
    select collection_natural_key from {{ ref('int_bih__imaging_series_collections') }}

),

collections as (

    select
        'bih' as source_id,
        coalesce(datasets.collection_natural_key, named.collection_natural_key) as natural_key,
        datasets.commons_name,
        case
            when datasets.collection_natural_key is null then named.collection_natural_key
            else datasets.collection_id
        end as collection_id,
        datasets.dataset_node_id as collection_node_id,
        datasets.project_id,
        datasets.full_name as collection_name,
        datasets.disease_type,
        datasets.primary_site,
        lower(datasets.data_url_doi) as collection_doi,
        datasets.license_raw,
        datasets.citation,
        datasets.metadata_source_version,
        datasets.metadata_source_date,
        datasets.collection_natural_key is not null as is_described
    from {{ ref('int_bih__dataset_keyed') }} as datasets
    full outer join named
        on datasets.collection_natural_key = named.collection_natural_key

),

-- Of the hub's datasets only the name is a text about them.
phrases as (

    {{ subject_phrases(ref('int_bih__dataset_keyed'), 'collection_natural_key', 'full_name') }}

)

select
    collections.natural_key,
    {{ surrogate_key(['collections.source_id', 'collections.natural_key']) }} as collection_key,
    {{ surrogate_key(["'bih'"]) }} as source_key,
    {{ federated_repository_key('collections.commons_name') }} as repository_key,
    {{ mapped_key('license', 'collections.license_raw') }} as license_key,
    collections.source_id,
    {{ federated_repository_id('collections.commons_name') }} as repository_id,
    collections.collection_id,
    collections.collection_node_id,
    collections.project_id,
    collections.collection_name,
    collections.disease_type,
    collections.primary_site,
    case
        when {{ federated_repository_id('collections.commons_name') }} = 'bih_midrc' then 'human'
        else {{ subject_species(words, 'phrases.says') }}
    end as species,
    case
        when {{ federated_repository_id('collections.commons_name') }} = 'bih_midrc' then true
        else {{ subject_is_human(words, 'phrases.says') }}
    end as is_human,
    case
        when {{ federated_repository_id('collections.commons_name') }} = 'bih_midrc' then false
        else {{ subject_is_phantom(words, 'phrases.says') }}
    end as is_phantom,
    collections.collection_doi,
    {{ mapped_id('license', 'collections.license_raw') }} as license_id,
    collections.license_raw,
    collections.citation,
    collections.metadata_source_version,
    collections.metadata_source_date,
    true as is_in_release,
    collections.is_described
from collections
left join phrases
    on collections.natural_key = phrases.collection_natural_key
{{ join_repository('collections.commons_name') }}
{{ join_mapping('license', 'collections.license_raw', 'collections.source_id') }}
