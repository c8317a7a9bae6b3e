{#
    The value of a list that holds one (repeated or not), trimmed; null for an empty list and for a list of several values. Almost
    every list of the portals has one element: those are not made into lists again.
#}
{% macro sole_value(column) -%}
    case
        when len({{ column }}) = 1 then nullif(trim({{ column }}[1]), '')
        when len({{ column }}) > 1 and len({{ distinct_values(column) }}) = 1 then ({{ distinct_values(column) }})[1]
    end
{%- endmacro %}
