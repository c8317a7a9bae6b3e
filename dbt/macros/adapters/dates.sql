{# The date that a text of eight digits (YYYYMMDD) states; null where it states none. #}
{% macro date_of_digits(text) -%}
    {{ return(adapter.dispatch('date_of_digits', 'imaging_commons')(text)) }}
{%- endmacro %}

{% macro default__date_of_digits(text) -%}
    to_date({{ text }}, 'yyyyMMdd')
{%- endmacro %}

{% macro duckdb__date_of_digits(text) -%}
    cast(try_strptime({{ text }}, '%Y%m%d') as date)
{%- endmacro %}
