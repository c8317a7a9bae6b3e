{# The count of one metric in a group of rows of rpt_counts; null where the metric is not counted. #}
{% macro metric_value(metric) -%}
    max(case when metric = '{{ metric }}' then counted end)
{%- endmacro %}
