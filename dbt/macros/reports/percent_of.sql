{#
    One count as a share of another, in percent; null where the other is zero or unknown.

    In doubles, rounded before it is cast: how many digits the quotient of two decimals has is another number on each engine, and
    so is what a cast makes of 0.285, which no double is.
#}
{% macro percent_of(part, whole) -%}
    cast(round(1e5 * {{ part }} / nullif({{ whole }}, 0)) / 1000 as decimal(12, 3))
{%- endmacro %}
