-- Grain: one system, and within it all or one collection, and all or one modality (null: all).
-- Every grain is counted by itself: a study or patient of two modalities counts once in the row of all modalities.

with of_systems as (
    select
        source_id,
        null as collection_id,
        modality,
        grouping(modality) = 0 as is_of_modality,
        count(*) as series,
        count(distinct study_key) as studies,
        count(distinct patient_key) as patients,
        sum(size_bytes)::bigint as bytes
    from fct_series
    group by grouping sets (
        (source_id),
        (source_id, modality)
    )
),

of_collections as (
    select
        fct_series.source_id,
        dim_collection.collection_id,
        fct_series.modality,
        grouping(fct_series.modality) = 0 as is_of_modality,
        count(*) as series,
        count(distinct fct_series.study_key) as studies,
        count(distinct fct_series.patient_key) as patients,
        sum(fct_series.size_bytes)::bigint as bytes
    from fct_series
    inner join bridge_series_collection on fct_series.series_key = bridge_series_collection.series_key
    inner join dim_collection on bridge_series_collection.collection_key = dim_collection.collection_key
    group by grouping sets (
        (fct_series.source_id, dim_collection.collection_id),
        (fct_series.source_id, dim_collection.collection_id, fct_series.modality)
    )
),

counted as (
    from of_systems
    union all
    from of_collections
)

select
    source_id,
    collection_id,
    case when is_of_modality then coalesce(modality, '(not stated)') end as modality,
    series,
    studies,
    patients,
    bytes
from counted
order by
    source_id,
    collection_id nulls first,
    is_of_modality,
    modality nulls last
