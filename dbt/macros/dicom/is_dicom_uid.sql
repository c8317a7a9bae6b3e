{#
    Whether a text has the form of a DICOM unique identifier (PS3.5 9.1): components of digits without leading zeros,
    joined by dots, 64 characters at most. A missing identifier is not one.
#}
{% macro is_dicom_uid(column) -%}
    {{ return(adapter.dispatch('is_dicom_uid', 'imaging_commons')(column)) }}
{%- endmacro %}

{% macro default__is_dicom_uid(column) -%}
    coalesce(length({{ column }}) <= 64 and {{ column }} rlike '^(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*))*$', false)
{%- endmacro %}

{% macro duckdb__is_dicom_uid(column) -%}
    coalesce(length({{ column }}) <= 64 and regexp_full_match({{ column }}, '(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*'), false)
{%- endmacro %}
