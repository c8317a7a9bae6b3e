{# Text without surrounding white space; an empty string is a missing value. #}
{% macro text_or_null(text) -%}
    {{ return(adapter.dispatch('text_or_null', 'imaging_commons')(text)) }}
{%- endmacro %}

{% macro default__text_or_null(text) -%}
    nullif(trim({{ text }}), '')
{%- endmacro %}

{# DuckDB trims an identifier in five times the time that it takes to see that it begins and ends with a visible ASCII character. #}
{% macro duckdb__text_or_null(text) -%}
    case
        when {{ text }} >= '!' and {{ text }} < chr(127) and ({{ text }})[-1] >= '!' and ({{ text }})[-1] < chr(127)
            then {{ text }}
        else nullif(trim({{ text }}), '')
    end
{%- endmacro %}
