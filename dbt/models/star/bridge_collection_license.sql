-- Grain: one licence in one collection, as the series show it.

with series as (

    select
        series.source_id,
        series.collection_id,
        {{ mapped_id('license', 'series.license_raw') }} as license_id,
        series.size_bytes
    from {{ ref('stg_idc__idc_index') }} as series
    {{ join_mapping('license', 'series.license_raw', 'series.source_id') }}
    where
        series.collection_id is not null
        and series.license_raw is not null

),

licenses as (

    select
        source_id,
        collection_id,
        license_id,
        count(*) as series_count,
        sum(size_bytes) as size_bytes
    from series
    group by
        source_id,
        collection_id,
        license_id

)

select
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    {{ surrogate_key(['license_id']) }} as license_key,
    series_count,
    cast(size_bytes as bigint) as size_bytes
from licenses
