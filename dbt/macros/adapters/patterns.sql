{#
    Regular expressions. A pattern is written without a backslash ([.] for a dot), which engines read in different ways
    in a text.
#}

{# Whether all of a text matches a pattern. #}
{% macro matches_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('matches_pattern', 'imaging_commons')(text, pattern)) }}
{%- endmacro %}

{# Java's $ matches before a line feed at the end as well, which nothing but the mark shuts out. #}
{% macro default__matches_pattern(text, pattern) -%}
    {{ text }} || '!' rlike '^({{ pattern }})!$'
{%- endmacro %}

{% macro duckdb__matches_pattern(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# What the first group of a pattern matches in a text; null where nothing matches. #}
{% macro first_match(text, pattern) -%}
    {{ return(adapter.dispatch('first_match', 'imaging_commons')(text, pattern)) }}
{%- endmacro %}

{% macro default__first_match(text, pattern) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern }}', 1), '')
{%- endmacro %}
