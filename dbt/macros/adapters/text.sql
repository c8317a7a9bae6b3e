{#
    Text without the spaces around it: those that Unicode puts into the category Zs. DuckDB's trim takes all of them, others
    only U+0020.
#}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'imaging_commons')(text)) }}
{%- endmacro %}

{% macro default__trimmed(text) -%}
    {%- set spaces = ' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000' -%}
    trim(both '{{ spaces }}' from {{ text }})
{%- endmacro %}

{% macro duckdb__trimmed(text) -%}
    trim({{ text }})
{%- endmacro %}

{# Text without surrounding spaces; an empty string is a missing value. #}
{% macro text_or_null(text) -%}
    {{ return(adapter.dispatch('text_or_null', 'imaging_commons')(text)) }}
{%- endmacro %}

{% macro default__text_or_null(text) -%}
    nullif({{ trimmed(text) }}, '')
{%- endmacro %}

{# DuckDB trims an identifier in five times the time that it takes to see that it begins and ends with a visible ASCII character. #}
{% macro duckdb__text_or_null(text) -%}
    case
        when {{ text }} >= '!' and {{ text }} < chr(127) and ({{ text }})[-1] >= '!' and ({{ text }})[-1] < chr(127)
            then {{ text }}
        else nullif(trim({{ text }}), '')
    end
{%- endmacro %}

{# A part of a text that a separator divides, counted from 1; an empty text where there are not so many. #}
{% macro text_part(text, separator, place) -%}
    split_part({{ text }}, '{{ separator }}', {{ place }})
{%- endmacro %}
