{#
    Keys of rows whose identifier should occur once, in artifacts of which only the description is known. `occurrence`
    counts the rows of one identifier, in an order that depends on nothing but what they hold: all columns of `model`, which
    `relation` is an alias of. `key_of_occurrence` gives the first of them the key of the identifier, and every other, as one
    without an identifier, a key of its own. So no row is lost, every key is unique, and what refers to the identifier finds
    one row.
#}
{% macro occurrence(relation, identifier, model) -%}
    {%- set columns = adapter.get_columns_in_relation(ref(model)) if execute else [] -%}
    {%- if execute and not columns and flags.WHICH in ('run', 'build') -%}
        {{ exceptions.raise_compiler_error(model ~ ' is not there, so that its rows have no order.') }}
    {%- endif -%}
    row_number() over (
        partition by
            {{ relation }}.source_id,
            {{ relation }}.{{ identifier }}
        {%- for column in columns %}
        {{- '\n        order by' if loop.first }}
            {{ portable_order(relation ~ '.' ~ column.name, column.dtype) }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro key_of_occurrence(identifier, relation=none) -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    case
        when {{ of }}occurrence = 1 and {{ of }}{{ identifier }} is not null
            then {{ surrogate_key([of ~ 'source_id', of ~ identifier]) }}
        else {{ surrogate_key([of ~ 'source_id', of ~ identifier, of ~ 'occurrence']) }}
    end
{%- endmacro %}
