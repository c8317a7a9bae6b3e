{# How many different values a list holds, without empty ones; 0 for an empty or a missing list. #}
{% macro value_count(column) -%}
    cast(
        case
            when {{ list_length(column) }} > 1 then {{ list_length(distinct_values(column)) }}
            when {{ not_blank(list_first(column)) }} is not null then 1
            else 0
        end as {{ dbt.type_bigint() }}
    )
{%- endmacro %}
