{# The values of a list, trimmed, each once. Almost every list of the portals has one value: those are left as they are. #}
{% macro distinct_values(column) -%}
    case
        when {{ list_length(column) }} > 1 then {{ distinct_elements(trimmed_elements(column)) }}
        else {{ column }}
    end
{%- endmacro %}
