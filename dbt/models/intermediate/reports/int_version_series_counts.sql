-- Grain: one IDC collection in one data release, with its series and bytes by the spans of their revisions.
--
-- A series counts once in a release, also where spans of it overlap: with the smaller size, because such a span of release 23 has each
-- instance of a slide twice. A series without a first release counts in its last alone.

with spans as (

    select
        collection_key,
        series_instance_uid,
        overlaps_other_span,
        size_bytes,
        case when first_idc_version is null then last_idc_version else counted_from_version end as first_idc_version,
        last_idc_version
    from {{ ref('fct_series_version') }}
    where collection_key is not null

),

-- Rows of the same span count together, so that only few rows are multiplied by the releases.
single_spans as (

    select
        collection_key,
        first_idc_version,
        last_idc_version,
        count(*) as series_count,
        sum(size_bytes) as size_bytes
    from spans
    where not overlaps_other_span
    group by
        collection_key,
        first_idc_version,
        last_idc_version

),

overlapping_series as (

    select
        spans.collection_key,
        versions.idc_version,
        spans.series_instance_uid,
        min(spans.size_bytes) as size_bytes
    from spans
    inner join {{ ref('dim_idc_version') }} as versions
        on versions.idc_version between spans.first_idc_version and spans.last_idc_version
    where spans.overlaps_other_span
    group by
        spans.collection_key,
        versions.idc_version,
        spans.series_instance_uid

),

parts as (

    select
        single_spans.collection_key,
        versions.idc_version,
        single_spans.series_count,
        single_spans.size_bytes
    from single_spans
    inner join {{ ref('dim_idc_version') }} as versions
        on versions.idc_version between single_spans.first_idc_version and single_spans.last_idc_version
    union all
    select
        collection_key,
        idc_version,
        count(*) as series_count,
        sum(size_bytes) as size_bytes
    from overlapping_series
    group by
        collection_key,
        idc_version

)

select
    collection_key,
    idc_version,
    cast(sum(series_count) as {{ dbt.type_bigint() }}) as series_count,
    cast(sum(size_bytes) as {{ dbt.type_bigint() }}) as size_bytes
from parts
group by
    collection_key,
    idc_version
