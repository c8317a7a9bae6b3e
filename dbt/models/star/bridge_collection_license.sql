-- Grain: one licence in one collection, as the series show it.

with series as (

    select
        series.source_id,
        series.collection_id,
        coalesce(map_license.license_id, series.license_raw) as license_id,
        series.size_bytes
    from {{ ref('stg_idc__idc_index') }} as series
    left join {{ ref('map_license') }} as map_license
        on series.source_id = map_license.source_id
        and series.license_raw = map_license.license_raw
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
