-- Grain: one metric of the series of one collection, of all or of one modality, as one system or repository describes them.
--
-- A series in several collections counts in each; a series of a repository counts for the repository and for the Hub.

{% set dimensions = ['collection', 'sr_collection', 'seg_collection'] %}
{% set metrics = series_metrics() %}

with collection_parts as (

    select
        source_id,
        repository_id,
        person_key,
        modality,
        collection_key,
        series_count,
        instance_count,
        size_bytes
    from {{ ref('int_series_groups') }}
    where not has_several_collections
    union all
    select
        series.source_id,
        series.repository_id,
        series.patient_key as person_key,
        series.modality,
        links.collection_key,
        1 as series_count,
        series.instance_count,
        series.size_bytes
    from {{ ref('fct_series') }} as series
    inner join {{ ref('bridge_series_collection') }} as links
        on series.series_key = links.series_key
    where series.collection_count > 1

),

scoped as (

    {{ with_repositories('collection_parts', [
        'person_key',
        'modality',
        'collection_key',
        'series_count',
        'instance_count',
        'size_bytes',
    ]) }}

),

series as (

    select
        scoped.source_id,
        coalesce(collections.collection_id, 'no data') as collection,
        case when scoped.modality = 'SR' then coalesce(collections.collection_id, 'no data') end as sr_collection,
        case when scoped.modality = 'SEG' then coalesce(collections.collection_id, 'no data') end as seg_collection,
        scoped.person_key,
        scoped.collection_key,
        scoped.series_count,
        scoped.instance_count,
        scoped.size_bytes
    from scoped
    left join {{ ref('dim_collection') }} as collections
        on scoped.collection_key = collections.collection_key

),

counted as (

    {{ count_by_dimensions('series', dimensions, metrics) }}

)

{{ unpivot_metrics('counted', 'series', metrics) }}
