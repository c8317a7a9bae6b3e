{# How many different values a list holds, without empty ones; 0 for an empty or a missing list. #}
{% macro value_count(column) -%}
    cast(
        case
            when len({{ column }}) = 1 then if(trim({{ column }}[1]) <> '', 1, 0)
            when len({{ column }}) > 1 then len({{ distinct_values(column) }})
            else 0
        end as bigint
    )
{%- endmacro %}
