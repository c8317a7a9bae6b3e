{#
    The keys of an `order by` that put the values of a column into the same order on every engine; `data_type` is the engine's.

    An empty list comes first on one engine and last on another, but lists of one length are compared alike once a null in
    them comes last. Sail puts minus zero before zero, to which it is equal elsewhere.
#}
{% macro portable_order(column, data_type) -%}
    {%- if '[]' in data_type or 'array' in data_type | lower -%}
    {{ list_length(column) }} nulls last, {{ nulls_last_within(column) }} nulls last
    {%- elif data_type | lower == 'double' -%}
    {{ column }} + 0e0 nulls last
    {%- else -%}
    {{ column }} nulls last
    {%- endif -%}
{%- endmacro %}

{# A list that is compared with nulls as its largest elements. #}
{% macro nulls_last_within(list) -%}
    {{ return(adapter.dispatch('nulls_last_within', 'imaging_commons')(list)) }}
{%- endmacro %}

{# Spark takes a null for the smallest. #}
{% macro default__nulls_last_within(list) -%}
    transform({{ list }}, element -> struct(element is null, element))
{%- endmacro %}

{% macro sail__nulls_last_within(list) -%}
    {{ list }}
{%- endmacro %}

{% macro duckdb__nulls_last_within(list) -%}
    {{ list }}
{%- endmacro %}
