{# The day `days` days after a date, as a date. #}
{% macro days_after(day, days) -%}
    {{ return(adapter.dispatch('days_after', 'imaging_commons')(day, days)) }}
{%- endmacro %}

{% macro default__days_after(day, days) -%}
    date_add({{ day }}, {{ days }})
{%- endmacro %}

{% macro duckdb__days_after(day, days) -%}
    cast({{ day }} + cast({{ days }} as integer) as date)
{%- endmacro %}

{# The first day of the year of a date, as a date. #}
{% macro first_day_of_year(day) -%}
    {{ return(adapter.dispatch('first_day_of_year', 'imaging_commons')(day)) }}
{%- endmacro %}

{% macro default__first_day_of_year(day) -%}
    cast(trunc({{ day }}, 'YEAR') as date)
{%- endmacro %}

{% macro duckdb__first_day_of_year(day) -%}
    cast(date_trunc('year', {{ day }}) as date)
{%- endmacro %}

{# The day of the week of a date, from 1 (Monday) to 7 (Sunday). Of Spark's and Sail's own functions, Sail's begin with Sunday. #}
{% macro iso_day_of_week(day) -%}
    {{ return(adapter.dispatch('iso_day_of_week', 'imaging_commons')(day)) }}
{%- endmacro %}

{% macro default__iso_day_of_week(day) -%}
    pmod(datediff({{ day }}, date '1970-01-05'), 7) + 1
{%- endmacro %}

{% macro duckdb__iso_day_of_week(day) -%}
    isodow({{ day }})
{%- endmacro %}
