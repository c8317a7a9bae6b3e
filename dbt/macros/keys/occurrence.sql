{#
    Keys of rows whose identifier should occur once, in artifacts of which only the description is known. `occurrence`
    counts the rows of one identifier, in an order that depends on nothing but what they hold; `key_of_occurrence` gives
    the first of them the key of the identifier, and every other, as one without an identifier, a key of its own. So no
    row is lost, every key is unique, and what refers to the identifier finds one row.
#}
{% macro occurrence(relation, identifier) -%}
    row_number() over (
        partition by {{ relation }}.source_id, {{ relation }}.{{ identifier }}
        order by {{ row_digest(relation) }}
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
