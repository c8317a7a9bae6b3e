{#
    What stands after `as` of a common table expression that holds many rows of a file: a point from which every thread goes on.

    DuckDB reads one row group of a Parquet file with one thread, and with the same thread does all that follows up to the next
    operator that collects rows. The index of IDC is one row group of a million rows, so without it fct_series was made by one
    thread of two (6.6 s instead of 4.1 s). Spark splits a file by itself.
#}
{% macro shared_by_threads() -%}
    {{ return(adapter.dispatch('shared_by_threads', 'imaging_commons')()) }}
{%- endmacro %}

{% macro default__shared_by_threads() -%}
{%- endmacro %}

{% macro duckdb__shared_by_threads() -%}
    materialized
{%- endmacro %}
