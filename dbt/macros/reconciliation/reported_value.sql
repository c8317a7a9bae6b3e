{# A harmonised value that says something; null where nothing was reported, asked or understood: such values never disagree. #}
{% macro reported_value(column) -%}
    case
        when {{ column }} not in (
            'missing', 'not reported', 'not applicable', 'unknown', 'unmapped', 'conflicting'
        ) then {{ column }}
    end
{%- endmacro %}
