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

{# The MD5 of all that a row of `relation` holds. #}
{% macro row_digest(relation) -%}
    {{ return(adapter.dispatch('row_digest', 'imaging_commons')(relation)) }}
{%- endmacro %}

{% macro default__row_digest(relation) -%}
    md5(to_json(struct({{ relation }}.*)))
{%- endmacro %}

{% macro duckdb__row_digest(relation) -%}
    md5(cast({{ relation }} as varchar))
{%- endmacro %}
