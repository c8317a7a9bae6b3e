{# The values of a list, trimmed, each once. Almost every list of the portals has one value: those are left as they are. #}
{% macro distinct_values(column) -%}
    case
        when len({{ column }}) > 1 then list_distinct(list_transform({{ column }}, lambda element: nullif(trim(element), '')))
        else {{ column }}
    end
{%- endmacro %}
