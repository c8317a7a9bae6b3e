-- Grain: one analysis result in one collection, as the series show it.

with series as (

    select
        source_id,
        collection_id,
        analysis_result_id,
        count(*) as series_count,
        sum(size_bytes) as size_bytes
    from {{ ref('stg_idc__idc_index') }}
    where
        analysis_result_id is not null
        and collection_id is not null
    group by
        source_id,
        collection_id,
        analysis_result_id

)

select
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    {{ surrogate_key(['source_id', 'analysis_result_id']) }} as analysis_result_key,
    series_count,
    cast(size_bytes as bigint) as size_bytes
from series
