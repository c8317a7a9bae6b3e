{# What is counted of series that are grouped as in int_series_groups: the name of each metric and the aggregate that counts it. #}
{% macro series_metrics() -%}
    {{ return({
        'patients': 'count(distinct person_key)',
        'collections': 'count(distinct collection_key)',
        'series': 'sum(series_count)',
        'instances': 'sum(instance_count)',
        'size_bytes': 'sum(size_bytes)',
    }) }}
{%- endmacro %}
