-- Grain: one system that describes series. What a system does not state is null: the hub tells no bytes.

with series as (
    select
        source_id,
        count(*) as series,
        sum(size_bytes)::bigint as bytes
    from fct_series
    group by source_id
),

studies as (
    select
        source_id,
        count(*) as studies
    from fct_study
    group by source_id
),

patients as (
    select
        source_id,
        count(*) as patients
    from dim_patient
    group by source_id
),

collections as (
    select
        source_id,
        count(*) as collections
    from dim_collection
    where is_in_release
    group by source_id
)

select
    series.source_id,
    collections.collections,
    patients.patients,
    studies.studies,
    series.series,
    series.bytes
from series
left join studies on series.source_id = studies.source_id
left join patients on series.source_id = patients.source_id
left join collections on series.source_id = collections.source_id
order by series.source_id
