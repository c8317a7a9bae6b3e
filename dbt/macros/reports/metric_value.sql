{# The count of one metric (of one kind of record, if named) in a group of rows of rpt_counts; null where it is not counted. #}
{% macro metric_value(metric, entity=none) -%}
    max(case when {% if entity is not none %}entity = '{{ entity }}' and {% endif %}metric = '{{ metric }}' then counted end)
{%- endmacro %}
