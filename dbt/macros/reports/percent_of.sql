{# One count as a share of another, in percent; null where the other is zero or unknown. #}
{% macro percent_of(part, whole) -%}
    cast(100.0 * {{ part }} / nullif({{ whole }}, 0) as decimal(12, 3))
{%- endmacro %}
