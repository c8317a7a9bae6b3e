{#
    Counts of the rows of `relation` by one dimension at a time: source_id, dimension, dimension_value and one column for each
    metric. `relation` is a CTE, which is read once for all dimensions.

    dimensions: columns of `relation`, each of text. A row is not counted by a dimension of which it has no value (null).
    metrics: the name of each metric and the aggregate that counts it.
#}
{% macro count_by_dimensions(relation, dimensions, metrics) -%}
    {%- for dimension in dimensions %}
    select
        source_id,
        '{{ dimension }}' as dimension,
        {{ dimension }} as dimension_value,
        {%- for metric, aggregate in metrics.items() %}
        {{ aggregate }} as {{ metric }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    where {{ dimension }} is not null
    group by
        source_id,
        {{ dimension }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
