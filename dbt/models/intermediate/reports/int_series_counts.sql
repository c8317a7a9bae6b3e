-- Grain: one metric of the series that share one value of one attribute, as one system or repository describes them.
--
-- A series of a repository counts for the repository and for the Hub.

{% set dimensions = ['total', 'modality', 'modality_kind', 'body_part', 'license', 'analysis_result'] %}
{% set metrics = series_metrics() %}
{% set varieties = {
    'modalities': 'count(distinct modality)',
    'body_parts': 'count(distinct body_part_examined)',
    'licenses': 'count(distinct license)',
} %}

with series_groups as (

    {{ with_repositories(ref('int_series_groups'), [
        'person_key',
        'collection_key',
        'modality',
        'modality_kind',
        'body_part_examined',
        'license',
        'analysis_result_id',
        'series_count',
        'instance_count',
        'size_bytes',
    ]) }}

),

-- What has no value is counted as such, but for analysis results: most series are none.
attributes as (

    select
        source_id,
        'all' as total,
        coalesce(modality, 'no data') as modality,
        coalesce(modality_kind, 'no data') as modality_kind,
        coalesce(body_part_examined, 'no data') as body_part,
        coalesce(license, 'no data') as license,
        analysis_result_id as analysis_result,
        person_key,
        collection_key,
        series_count,
        instance_count,
        size_bytes
    from series_groups

),

counted as (

    {{ count_by_dimensions('attributes', dimensions, metrics) }}

),

varieties as (

    select
        source_id,
        'total' as dimension,
        'all' as dimension_value,
        {%- for metric, aggregate in varieties.items() %}
        {{ aggregate }} as {{ metric }}{{ ',' if not loop.last }}
        {%- endfor %}
    from series_groups
    group by source_id

),

buckets as (

    select
        source_id,
        'total' as dimension,
        'all' as dimension_value,
        count(distinct aws_bucket) as buckets
    from {{ ref('fct_series') }}
    where source_id = 'idc'
    group by source_id

)

{{ unpivot_metrics('counted', 'series', metrics) }}
union all
{{ unpivot_metrics('varieties', 'series', varieties) }}
union all
{{ unpivot_metrics('buckets', 'series', ['buckets']) }}
