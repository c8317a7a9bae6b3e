{# The number of a list that holds one (repeated or not); null for an empty list and for a list of several numbers. #}
{% macro sole_number(column) -%}
    case
        when len({{ column }}) = 1 or len(list_distinct({{ column }})) = 1 then {{ column }}[1]
    end
{%- endmacro %}
