{# The count of one metric in a group of rows of rpt_counts; null where the metric is not counted. #}
{% macro metric_value(metric) -%}
    max(case when metric = '{{ metric }}' then counted end)
{%- endmacro %}

{# Bytes as gigabytes: 1 GB = 1,000,000,000 bytes, as the published reports have it. #}
{% macro gigabytes(column) -%}
    cast({{ column }} / 1e9 as decimal(28, 6))
{%- endmacro %}

{# One count as a share of another, in percent; null where the other is zero or unknown. #}
{% macro percent_of(part, whole) -%}
    cast(100.0 * {{ part }} / nullif({{ whole }}, 0) as decimal(12, 3))
{%- endmacro %}
