-- Grain: one source (a publication with a DOI and a licence) of one IDC collection, by its position in the collection's list.

with collections as (

    select
        collection_id,
        sources
    from {{ source('idc', 'collections_index') }}
    where sources is not null

),

positions as (

    select
        collection_id,
        sources,
        unnest(range(cast(json_array_length(sources) as bigint))) as position
    from collections

),

elements as (

    select
        collection_id,
        position + 1 as source_number,
        json_extract(sources, '$[' || position || ']') as element
    from positions

),

-- The struct's fields changed case and order between releases (`Citation` up to v23), so they are read by name.
renamed as (

    select
        'idc' as source_id,
        collection_id,
        cast(source_number as integer) as source_number,
        lower({{ text_or_null("element ->> 'source_doi'") }}) as source_doi,
        {{ text_or_null("element ->> 'source_url'") }} as source_url,
        {{ text_or_null("element ->> 'source_title'") }} as source_title,
        {{ text_or_null("element ->> 'source_type'") }} as source_type,
        {{ text_or_null("coalesce(element ->> 'modalities', element ->> 'ImageTypes')") }} as modalities,
        {{ text_or_null("element ->> '$.license.license_short_name'") }} as license_raw,
        {{ text_or_null("element ->> '$.license.license_url'") }} as license_url_raw,
        {{ text_or_null("coalesce(element ->> 'citation', element ->> 'Citation')") }} as citation
    from elements

)

select
    source_id,
    collection_id,
    source_number,
    source_doi,
    source_url,
    source_title,
    source_type,
    modalities,
    license_raw,
    license_url_raw,
    citation
from renamed
