{# The first 15 hexadecimal digits of the MD5 of a text, as a positive bigint (60 bits): the same on every engine. #}
{% macro hashed_bigint(text) -%}
    {{ return(adapter.dispatch('hashed_bigint', 'imaging_commons')(text)) }}
{%- endmacro %}

{% macro default__hashed_bigint(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}

{% macro duckdb__hashed_bigint(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 15) as bigint)
{%- endmacro %}
