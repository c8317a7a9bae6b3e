-- Grain: one metric of the series that share one value of one dimension, as one system or repository describes them.
--
-- A series of a repository counts for the repository and for the Hub. A series in several collections counts in each.

{% set dimensions = {
    'total': 'everything',
    'modality': 'modality',
    'modality_kind': 'modality_kind',
    'body_part': 'body_part_examined',
    'license': 'license',
    'analysis_result': 'analysis_result_id',
} %}
{% set measures = {
    'patients': 'patient_count',
    'collections': 'collection_count',
    'series': 'series_count',
    'instances': 'instance_count',
    'size_bytes': 'size_bytes',
} %}

with series_groups as (

    select
        series_groups.*,
        'all' as everything,
        modalities.modality_kind,
        case
            when licenses.is_mapped then licenses.license_short_name
            else series_groups.license_raw
        end as license
    from {{ ref('int_series_groups') }} as series_groups
    left join {{ ref('dim_modality') }} as modalities
        on series_groups.modality = modalities.modality
    left join {{ ref('dim_license') }} as licenses
        on series_groups.license_key = licenses.license_key

),

scoped as (

    select
        source_id as scope_id,
        series_groups.*
    from series_groups
    union all
    select
        repository_id as scope_id,
        series_groups.*
    from series_groups
    where repository_id is not null

),

several as (

    select
        series.source_id,
        series.repository_id,
        series.patient_key as person_key,
        series.modality,
        links.collection_key,
        cast(1 as {{ dbt.type_bigint() }}) as series_count,
        series.instance_count,
        series.size_bytes
    from {{ ref('fct_series') }} as series
    inner join {{ ref('bridge_series_collection') }} as links
        on series.series_key = links.series_key
    where series.collection_count > 1

),

collection_parts as (

    select
        scope_id,
        person_key,
        modality,
        collection_key,
        series_count,
        instance_count,
        size_bytes
    from scoped
    where not has_several_collections
    union all
    select
        source_id as scope_id,
        person_key,
        modality,
        collection_key,
        series_count,
        instance_count,
        size_bytes
    from several
    union all
    select
        repository_id as scope_id,
        person_key,
        modality,
        collection_key,
        series_count,
        instance_count,
        size_bytes
    from several
    where repository_id is not null

),

in_collections as (

    select
        parts.scope_id,
        parts.modality,
        parts.person_key,
        parts.collection_key,
        parts.series_count,
        parts.instance_count,
        parts.size_bytes,
        coalesce(collections.collection_id, 'no data') as collection_id
    from collection_parts as parts
    left join {{ ref('dim_collection') }} as collections
        on parts.collection_key = collections.collection_key

),

gathered as (

    {% for dimension, expression in dimensions.items() %}
    select
        scope_id,
        '{{ dimension }}' as dimension,
        coalesce({{ expression }}, 'no data') as dimension_value,
        count(distinct person_key) as patient_count,
        count(distinct collection_key) as collection_count,
        sum(series_count) as series_count,
        sum(instance_count) as instance_count,
        sum(size_bytes) as size_bytes
    from scoped
    {% if dimension == 'analysis_result' %}
    where analysis_result_id is not null
    {% endif %}
    group by
        scope_id,
        coalesce({{ expression }}, 'no data')
    union all
    {% endfor %}
    {% for dimension, modality in {'collection': none, 'sr_collection': 'SR', 'seg_collection': 'SEG'}.items() %}
    select
        scope_id,
        '{{ dimension }}' as dimension,
        collection_id as dimension_value,
        count(distinct person_key) as patient_count,
        count(distinct collection_key) as collection_count,
        sum(series_count) as series_count,
        sum(instance_count) as instance_count,
        sum(size_bytes) as size_bytes
    from in_collections
    {% if modality is not none %}
    where modality = '{{ modality }}'
    {% endif %}
    group by
        scope_id,
        collection_id
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

varieties as (

    select
        scope_id,
        count(distinct modality) as modality_count,
        count(distinct body_part_examined) as body_part_count,
        count(distinct license) as license_count
    from scoped
    group by scope_id

),

buckets as (

    select
        source_id,
        count(distinct aws_bucket) as bucket_count
    from {{ ref('fct_series') }}
    where source_id = 'idc'
    group by source_id

)

{% for metric, column in measures.items() %}
select
    scope_id as source_id,
    dimension,
    dimension_value,
    '{{ metric }}' as metric,
    cast({{ column }} as {{ dbt.type_bigint() }}) as counted
from gathered
where {{ column }} is not null
union all
{% endfor %}
{% for metric, column in {'modalities': 'modality_count', 'body_parts': 'body_part_count', 'licenses': 'license_count'}.items() %}
select
    scope_id as source_id,
    'total' as dimension,
    'all' as dimension_value,
    '{{ metric }}' as metric,
    cast({{ column }} as {{ dbt.type_bigint() }}) as counted
from varieties
union all
{% endfor %}
select
    source_id,
    'total' as dimension,
    'all' as dimension_value,
    'buckets' as metric,
    cast(bucket_count as {{ dbt.type_bigint() }}) as counted
from buckets
