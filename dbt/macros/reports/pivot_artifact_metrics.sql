{#
    One row for each value of each dimension (but the total) of records of these kinds: source_key, source_id, dimension,
    dimension_value, is_proxy, and one column for each metric, null where it is not counted. Counts over idc_index (is_proxy) are
    left out where the artifact that describes the records is counted by the same dimension.

    models: the models with the counts, and whether each counts over idc_index.
    metrics: the name of each metric and of its column.
#}
{% macro pivot_artifact_metrics(models, entities, metrics) -%}
    select
        {{ surrogate_key(['source_id']) }} as source_key,
        source_id,
        dimension,
        dimension_value,
        is_proxy,
        {%- for metric, column in metrics.items() %}
        {{ metric_value(metric) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            counted.*,
            min(case when is_proxy then 1 else 0 end) over (partition by source_id, entity, dimension) = 1 as is_proxy_alone
        from (
            {%- for model, is_proxy in models.items() %}
            select
                source_id,
                entity,
                dimension,
                dimension_value,
                metric,
                counted,
                {{ is_proxy | lower }} as is_proxy
            from {{ ref(model) }}
            {{- ' union all' if not loop.last }}
            {%- endfor %}
        ) as counted
    ) as counts
    where
        entity in ('{{ entities | join("', '") }}')
        and dimension <> 'total'
        and (not is_proxy or is_proxy_alone)
    group by
        source_id,
        dimension,
        dimension_value,
        is_proxy
{%- endmacro %}
