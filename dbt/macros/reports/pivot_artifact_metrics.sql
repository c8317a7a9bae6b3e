{#
    One row for each value of each dimension (but the total) of records of these kinds in rpt_counts: source_key, source_id,
    dimension, dimension_value, is_proxy, and one column for each metric, null where it is not counted. Counts over idc_index
    (is_proxy) are left out where the artifact that describes the records is counted by the same dimension.

    metrics: the name of each metric and of its column.
#}
{% macro pivot_artifact_metrics(entities, metrics) -%}
    select
        counts.source_key,
        counts.source_id,
        counts.dimension,
        counts.dimension_value,
        counts.is_proxy,
        {%- for metric, column in metrics.items() %}
        {{ metric_value(metric) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('rpt_counts') }} as counts
    where
        counts.entity in ('{{ entities | join("', '") }}')
        and counts.dimension <> 'total'
        and (
            not counts.is_proxy
            or not exists (
                select 1
                from {{ ref('rpt_counts') }} as described
                where
                    not described.is_proxy
                    and described.source_id = counts.source_id
                    and described.entity = counts.entity
                    and described.dimension = counts.dimension
            )
        )
    group by
        counts.source_key,
        counts.source_id,
        counts.dimension,
        counts.dimension_value,
        counts.is_proxy
{%- endmacro %}
