{#
    The distinct values of `columns` in a relation of one source (SQL), with their surrogate key as `key`: joining them hashes
    each value once, where a large relation repeats it in many rows. Rows with a null among the columns are left out.

    Grain: one combination of values.
#}
{% macro keyed_values(relation, source_id, columns, key) -%}
    select
        {{ columns | join(',\n        ') }},
        {{ surrogate_key([source_id] + columns) }} as {{ key }}
    from (
        select distinct
            {{ columns | join(',\n            ') }}
        from {{ relation }}
        where {{ columns | join(' is not null and ') }} is not null
    ) as distinct_values
{%- endmacro %}
