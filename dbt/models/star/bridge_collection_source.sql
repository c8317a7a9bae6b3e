-- Grain: one source (a publication with a DOI and a licence) of one collection, by its position in the collection's list.

with collection_sources as (

    select
        collection_sources.*,
        coalesce(map_license.license_id, collection_sources.license_raw) as license_id
    from {{ ref('int_idc__collection_sources') }} as collection_sources
    left join {{ ref('map_license') }} as map_license
        on collection_sources.source_id = map_license.source_id
        and collection_sources.license_raw = map_license.license_raw

)

select
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    source_number,
    case
        when license_id is not null then {{ surrogate_key(['license_id']) }}
    end as license_key,
    source_doi,
    source_url,
    source_title,
    source_type,
    modalities,
    license_raw,
    license_url_raw,
    citation
from collection_sources
