{#
    The texts that the rows of `relation` state for a vocabulary, each with the key of the term that it was conformed to and the
    number of records that state it. Rows without a text or a term state nothing.
#}
{% macro stated_texts(relation, record, vocabulary, term_key, text) -%}
    select
        source_id,
        '{{ record }}' as record,
        '{{ vocabulary }}' as vocabulary,
        {{ term_key }} as term_key,
        {{ text }} as raw_value,
        count(*) as record_count
    from {{ relation }}
    where
        {{ term_key }} is not null
        and {{ text }} is not null
    group by
        source_id,
        {{ term_key }},
        {{ text }}
{%- endmacro %}
