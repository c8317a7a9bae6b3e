{# The JSON value that a text holds; null where it holds none. #}
{% macro json_of_text(text) -%}
    {{ return(adapter.dispatch('json_of_text', 'imaging_commons')(text)) }}
{%- endmacro %}

{% macro default__json_of_text(text) -%}
    {{ text }}
{%- endmacro %}

{% macro duckdb__json_of_text(text) -%}
    try_cast({{ text }} as json)
{%- endmacro %}

{# The text of a field of a JSON record. A field of a record within it is written with dots: license.license_url. #}
{% macro json_text(record, field) -%}
    {{ return(adapter.dispatch('json_text', 'imaging_commons')(record, field)) }}
{%- endmacro %}

{% macro default__json_text(record, field) -%}
    get_json_object({{ record }}, '$.{{ field }}')
{%- endmacro %}

{% macro duckdb__json_text(record, field) -%}
    ({{ record }} ->> '$.{{ field }}')
{%- endmacro %}

{#
    One row for each record of a list of records, which is JSON: the columns `keys` of the row with the list, the record
    as JSON (record) and its position in the list, from 1 (record_number).
#}
{% macro list_records(relation, keys, list) -%}
    {{ return(adapter.dispatch('list_records', 'imaging_commons')(relation, keys, list)) }}
{%- endmacro %}

{% macro default__list_records(relation, keys, list) -%}
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        record,
        position + 1 as record_number
    from {{ relation }}
    lateral view posexplode(from_json({{ list }}, 'array<string>')) as position, record
{%- endmacro %}

{% macro duckdb__list_records(relation, keys, list) -%}
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        unnest(try_cast({{ list }} as json[])) as record,
        cast(generate_subscripts(try_cast({{ list }} as json[]), 1) as integer) as record_number
    from {{ relation }}
    where {{ list }} is not null
{%- endmacro %}
