{#
    One row for each metric of the rows of `relation`, which has source_id, dimension, dimension_value and one column for each
    metric. A metric that is null was not counted and has no row.
#}
{% macro unpivot_metrics(relation, entity, metrics) -%}
    {%- for metric in metrics %}
    select
        source_id,
        '{{ entity }}' as entity,
        dimension,
        dimension_value,
        '{{ metric }}' as metric,
        cast({{ adapter.quote(metric) }} as {{ dbt.type_bigint() }}) as counted
    from {{ relation }}
    where {{ adapter.quote(metric) }} is not null
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
