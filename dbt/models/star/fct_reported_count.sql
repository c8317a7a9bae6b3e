-- Grain: one figure that an upstream reports of itself: a total, one bucket of one histogram, or a figure of Indexd.

with portal as (

    select
        source_id,
        'reported_counts' as dataset,
        entity,
        dimension,
        dimension_value,
        is_missing,
        'records' as unit,
        reported_count
    from {{ ref('stg_midrc__reported_counts') }}

),

hub as (

    select
        source_id,
        'reported_counts' as dataset,
        entity,
        dimension,
        key as dimension_value,
        is_missing,
        'records' as unit,
        reported_count
    from {{ ref('stg_bih__reported_counts') }}

),

indexd_files as (

    select
        source_id,
        'indexd_stats' as dataset,
        'indexd_file' as entity,
        '_totalCount' as dimension,
        '' as dimension_value,
        false as is_missing,
        'records' as unit,
        file_count as reported_count
    from {{ ref('stg_midrc__indexd_stats') }}

),

indexd_bytes as (

    select
        source_id,
        'indexd_stats' as dataset,
        'indexd_file' as entity,
        'total_file_size' as dimension,
        '' as dimension_value,
        false as is_missing,
        'bytes' as unit,
        size_bytes as reported_count
    from {{ ref('stg_midrc__indexd_stats') }}

),

reported as (

    select * from portal
    union all
    select * from hub
    union all
    select * from indexd_files
    union all
    select * from indexd_bytes

)

select
    {{ surrogate_key(['source_id', 'entity', 'dimension', 'is_missing', 'dimension_value']) }} as reported_count_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', 'dataset']) }} as release_key,
    source_id,
    entity,
    dimension,
    dimension_value,
    is_missing,
    unit,
    reported_count
from reported
