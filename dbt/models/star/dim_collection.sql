-- Grain: one collection of one source. IDC collections that only earlier releases held are kept, with is_in_release = false.

with series as (

    select
        source_id,
        collection_id
    from {{ ref('stg_idc__idc_index') }}

),

prior_series as (

    select
        source_id,
        collection_id
    from {{ ref('stg_idc__prior_versions_index') }}

),

described as (

    select * from {{ ref('stg_idc__collections_index') }}

),

identifiers as (

    select source_id, collection_id, true as is_in_release from series
    union all
    select source_id, collection_id, true as is_in_release from described
    union all
    select source_id, collection_id, false as is_in_release from prior_series

),

collections as (

    select
        source_id,
        collection_id,
        {{ dbt.bool_or('is_in_release') }} as is_in_release
    from identifiers
    group by
        source_id,
        collection_id

)

select
    {{ surrogate_key(['collections.source_id', 'collections.collection_id']) }} as collection_key,
    {{ surrogate_key(['collections.source_id']) }} as source_key,
    collections.source_id,
    collections.collection_id,
    described.collection_name,
    described.program_id,
    described.cancer_types,
    described.tumor_locations,
    described.species,
    described.subjects_reported,
    described.supporting_data,
    described.status,
    described.updated_on,
    described.description,
    collections.is_in_release
from collections
left join described
    on collections.source_id = described.source_id
    and collections.collection_id = described.collection_id
