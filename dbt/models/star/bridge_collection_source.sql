-- Grain: one source (a publication with a DOI and a licence) of one collection, by its position in the collection's list.

with collection_sources as (

    select
        collection_sources.*,
        {{ mapped_key('license', 'collection_sources.license_raw') }} as license_key
    from {{ ref('int_idc__collection_sources') }} as collection_sources
    {{ join_mapping('license', 'collection_sources.license_raw', 'collection_sources.source_id') }}

)

select
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    source_number,
    license_key,
    source_doi,
    source_url,
    source_title,
    source_type,
    modalities,
    license_raw,
    license_url_raw,
    citation
from collection_sources
