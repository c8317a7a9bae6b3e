{#
    The values of a list in one text, joined by the backslash, as DICOM writes an attribute of several values (PS3.5 6.4); null
    where the list has none.
#}
{% macro dicom_values(column) -%}
    {{ return(adapter.dispatch('dicom_values', 'imaging_commons')(column)) }}
{%- endmacro %}

{% macro default__dicom_values(column) -%}
    nullif(array_join({{ column }}, chr(92)), '')
{%- endmacro %}

{% macro duckdb__dicom_values(column) -%}
    nullif(array_to_string({{ column }}, chr(92)), '')
{%- endmacro %}

{# The same for a list of numbers, whole ones without a fraction: as the attribute has them. #}
{% macro dicom_numbers(column) -%}
    {{ return(adapter.dispatch('dicom_numbers', 'imaging_commons')(column)) }}
{%- endmacro %}

{% macro default__dicom_numbers(column) -%}
    nullif(array_join(transform({{ column }}, number -> regexp_replace(cast(number as {{ dbt.type_string() }}), '[.]0$', '')), chr(92)), '')
{%- endmacro %}

{% macro duckdb__dicom_numbers(column) -%}
    nullif(array_to_string(list_transform({{ column }}, lambda number: regexp_replace(cast(number as varchar), '[.]0$', '')), chr(92)), '')
{%- endmacro %}

{# The first value of a list as a decimal number; null where there is none or it is no number. #}
{% macro first_number(column) -%}
    {{ return(adapter.dispatch('first_number', 'imaging_commons')(column)) }}
{%- endmacro %}

{% macro default__first_number(column) -%}
    try_cast(get({{ column }}, 0) as decimal(18, 6))
{%- endmacro %}

{% macro duckdb__first_number(column) -%}
    try_cast({{ column }}[1] as decimal(18, 6))
{%- endmacro %}
