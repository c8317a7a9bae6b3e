-- Grain: one dataset of the portal, in the shape of dim_collection.
--
-- The portal has no records of datasets: its metadata service describes them, and where it does not, the cases of one dataset
-- alone tell its licence and its DOI. Of several discovery records of a dataset, the first by guid counts.

with numbered as (

    select
        collection_id,
        project_id,
        license_raw,
        data_url_doi,
        data_contributor,
        row_number() over (
            partition by collection_id
            order by guid nulls last
        ) as record_number
    from {{ ref('int_midrc__discovery_datasets') }}
    where collection_id is not null

),

described as (

    select
        collection_id,
        project_id,
        license_raw,
        data_url_doi,
        data_contributor
    from numbered
    where record_number = 1

),

named as (

    select collection_id from described
    union
    select collection_id from {{ ref('int_midrc__case_datasets') }}
    union
    select collection_id from {{ ref('int_midrc__study_datasets') }}
    union
    select collection_id from {{ ref('int_midrc__file_datasets') }}

),

collections as (

    select
        'midrc' as source_id,
        named.collection_id,
        described.project_id,
        lower(coalesce(described.data_url_doi, case_terms.data_url_doi)) as collection_doi,
        coalesce(described.license_raw, case_terms.license_raw) as license_raw,
        coalesce(described.data_contributor, case_terms.data_contributor) as data_contributor,
        described.collection_id is not null as is_described
    from named
    left join described
        on named.collection_id = described.collection_id
    left join {{ ref('int_midrc__dataset_terms') }} as case_terms
        on named.collection_id = case_terms.collection_id

)

select
    {{ surrogate_key(['collections.source_id', 'collections.collection_id']) }} as collection_key,
    {{ surrogate_key(["'midrc'"]) }} as source_key,
    {{ mapped_key('license', 'collections.license_raw') }} as license_key,
    collections.source_id,
    collections.collection_id,
    collections.project_id,
    collections.collection_doi,
    {{ mapped_id('license', 'collections.license_raw') }} as license_id,
    collections.license_raw,
    collections.data_contributor,
    'human' as species,
    true as is_human,
    false as is_phantom,
    true as is_in_release,
    collections.is_described
from collections
{{ join_mapping('license', 'collections.license_raw', 'collections.source_id') }}
