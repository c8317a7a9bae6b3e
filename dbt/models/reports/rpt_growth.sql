-- Grain: one IDC collection in one IDC data release that held series of it.
--
-- Before IDC 24.2 a release does not say since when it has its series: only that release itself is here then.

with known as (

    select coalesce(max(last_idc_version), 0) as from_version
    from {{ ref('fct_series_version') }}
    where
        is_in_release
        and first_idc_version is null

)

select
    {{ surrogate_key(["'idc'", 'collections.collection_id', 'versions.idc_version']) }} as report_row_key,
    versions.source_key,
    versions.idc_version_key,
    collections.collection_key,
    versions.source_id,
    collections.collection_id,
    versions.idc_version,
    versions.released_on,
    series.series_count,
    studies.study_count,
    studies.patient_count,
    series.size_bytes
from {{ ref('int_version_series_counts') }} as series
inner join {{ ref('int_version_study_counts') }} as studies
    on series.collection_key = studies.collection_key
    and series.idc_version = studies.idc_version
inner join {{ ref('dim_idc_version') }} as versions
    on series.idc_version = versions.idc_version
inner join {{ ref('dim_collection') }} as collections
    on series.collection_key = collections.collection_key
cross join known
where series.idc_version >= known.from_version
