{#
    The value of a list that holds one (repeated or not), trimmed; null for an empty list and for a list of several values. Almost
    every list of the portals has one element: those are not made into lists again.
#}
{% macro sole_value(column) -%}
    coalesce(
        {{ text_or_null(only_element(column)) }},
        case
            when {{ list_length(column) }} > 1 and {{ list_length(distinct_values(column)) }} = 1
                then {{ list_first(distinct_values(column)) }}
        end
    )
{%- endmacro %}

{# The number of a list that holds one (repeated or not); null for an empty list and for a list of several numbers. #}
{% macro sole_number(column) -%}
    case
        when {{ list_length(column) }} = 1 or {{ list_length(distinct_elements(column)) }} = 1 then {{ list_first(column) }}
    end
{%- endmacro %}
