-- Grain: one collection of IDC, in the shape of dim_collection; those that only earlier releases held have is_in_release = false.

{% set words = ['described.species', 'described.cancer_types', 'described.tumor_locations'] %}

with identifiers as (

    select collection_id, true as is_in_release from {{ ref('stg_idc__idc_index') }}
    union all
    select collection_id, true as is_in_release from {{ ref('stg_idc__collections_index') }}
    union all
    select collection_id, false as is_in_release from {{ ref('stg_idc__prior_versions_index') }}

),

collections as (

    select
        'idc' as source_id,
        collection_id,
        {{ dbt.bool_or('is_in_release') }} as is_in_release
    from identifiers
    where collection_id is not null
    group by collection_id

),

-- What a collection is called. Its description tells of other things too: in release 23 that of midrc_ricord_1b (people) is
-- the text of two other collections, and speaks of a phantom.
titles as (

    select
        collection_id,
        collection_name as title
    from {{ ref('stg_idc__collections_index') }}
    union all
    select
        collection_id,
        coalesce(source_title, citation) as title
    from {{ ref('int_idc__collection_sources') }}
    where coalesce(source_type, 'original_data') = 'original_data'

),

phrases as (

    {{ subject_phrases('titles', 'collection_id', 'title') }}

)

select
    {{ surrogate_key(['collections.source_id', 'collections.collection_id']) }} as collection_key,
    {{ surrogate_key(["'idc'"]) }} as source_key,
    collections.source_id,
    collections.collection_id,
    described.collection_name,
    described.program_id,
    described.cancer_types as disease_type,
    described.tumor_locations as primary_site,
    described.cancer_types,
    described.tumor_locations,
    {{ subject_species(words, 'phrases.says') }} as species,
    described.species as species_raw,
    {{ subject_is_human(words, 'phrases.says') }} as is_human,
    {{ subject_is_phantom(words, 'phrases.says') }} as is_phantom,
    described.subjects_reported,
    described.supporting_data,
    described.status,
    described.updated_on,
    described.description,
    collections.is_in_release,
    described.collection_id is not null as is_described
from collections
left join {{ ref('stg_idc__collections_index') }} as described
    on collections.collection_id = described.collection_id
left join phrases
    on collections.collection_id = phrases.collection_id
