{#
    The date at the end of the name of a MIDRC dataset, which is the day of its submission (RSNA_20230830); null without one.
    Source of the convention: the names of the portal's datasets in the comparison report of February 2026.
#}
{% macro batch_date(column) -%}
    {{ return(adapter.dispatch('batch_date', 'imaging_commons')(column)) }}
{%- endmacro %}

{% macro default__batch_date(column) -%}
    to_date(nullif(regexp_extract({{ column }}, '_([0-9]{8})$', 1), ''), 'yyyyMMdd')
{%- endmacro %}

{% macro duckdb__batch_date(column) -%}
    cast(try_strptime(regexp_extract({{ column }}, '_([0-9]{8})$', 1), '%Y%m%d') as date)
{%- endmacro %}
