{# The different values of a list of texts, trimmed, sorted and without blank ones; null where the list has none. #}
{% macro sorted_list(column) -%}
    case
        when {{ value_count(column) }} > 0
            then {{ sorted_elements(distinct_elements(trimmed_elements(column))) }}
    end
{%- endmacro %}
