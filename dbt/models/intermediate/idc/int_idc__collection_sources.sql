-- Grain: one source (a publication with a DOI and a licence) of one IDC collection, by its position in the collection's list.

with records as (

    {{ list_records(
        ref('stg_idc__collections_index'),
        keys=['source_id', 'collection_id'],
        list='sources',
    ) }}

)

-- The fields of a record changed case and order between releases (`Citation` up to v23), so they are read by name.
select
    source_id,
    collection_id,
    record_number as source_number,
    lower({{ text_or_null(json_text('record', 'source_doi')) }}) as source_doi,
    {{ text_or_null(json_text('record', 'source_url')) }} as source_url,
    {{ text_or_null(json_text('record', 'source_title')) }} as source_title,
    {{ text_or_null(json_text('record', 'source_type')) }} as source_type,
    {{ text_or_null('coalesce(' ~ json_text('record', 'modalities') ~ ', ' ~ json_text('record', 'ImageTypes') ~ ')') }} as modalities,
    {{ text_or_null(json_text('record', 'license.license_short_name')) }} as license_raw,
    {{ text_or_null(json_text('record', 'license.license_url')) }} as license_url_raw,
    {{ text_or_null('coalesce(' ~ json_text('record', 'citation') ~ ', ' ~ json_text('record', 'Citation') ~ ')') }} as citation
from records
