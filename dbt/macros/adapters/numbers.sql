{# As a column of a select: one row for each whole number from 0 to `last`. #}
{% macro numbers_up_to(last) -%}
    {{ return(adapter.dispatch('numbers_up_to', 'imaging_commons')(last)) }}
{%- endmacro %}

{% macro default__numbers_up_to(last) -%}
    explode(sequence(0, {{ last }}))
{%- endmacro %}

{% macro duckdb__numbers_up_to(last) -%}
    unnest(generate_series(0, {{ last }}))
{%- endmacro %}
