{#
    One row for each value of one dimension of the records of these kinds in int_record_counts: source_key, source_id, the value,
    and one column for each metric, null where it is not counted.

    value: the name of the column that has the value.
    metrics: the name of each metric and of its column.
#}
{% macro pivot_metrics(entities, dimension, value, metrics) -%}
    select
        source_key,
        source_id,
        dimension_value as {{ value }},
        {%- for metric, column in metrics.items() %}
        {{ metric_value(metric) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_record_counts') }}
    where
        entity in ('{{ entities | join("', '") }}')
        and dimension = '{{ dimension }}'
    group by
        source_key,
        source_id,
        dimension_value
{%- endmacro %}
