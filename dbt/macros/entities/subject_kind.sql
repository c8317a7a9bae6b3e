{#
    What the subjects of a collection are, in the collection's own words: its species, the diseases and sites that it lists, and
    phrases of its name and of the title of its data (seed_subject_phrase). A species, or a disease, that is `Phantom` and nothing else says it of
    all subjects (IDC writes species Human for most phantoms); so does a phrase, unless the species is another one. A list that
    names phantoms, or human beside another species, does not say of whom, nor does a phrase that is unclear.

    subject_is_phantom and subject_is_human are true, false, or null where the words do not tell. subject_species is in lower case,
    as the collection lists it, and `phantom` for phantoms. `words` are SQL texts, species first; a source without species gives null.
    `says` is what phrases say: `phantom`, `unclear`, or null where there is none.
#}
{% macro subject_is_phantom(words, says) -%}
    case
        {%- for word in words[:2] %}
        when lower({{ word }}) = 'phantom' then true
        {%- endfor %}
        when {{ says }} = 'phantom' and coalesce(lower({{ words[0] }}), 'human') = 'human' then true
        {%- for word in words %}
        when lower({{ word }}) like '%phantom%' then null
        {%- endfor %}
        when {{ says }} = 'unclear' and coalesce(lower({{ words[0] }}), 'human') = 'human' then null
        when coalesce({{ words | join(', ') }}) is not null then false
    end
{%- endmacro %}

{% macro subject_is_human(words, says) -%}
    case
        when {{ subject_is_phantom(words, says) }} then false
        when not {{ subject_is_phantom(words, says) }} and lower({{ words[0] }}) = 'human' then true
        when lower({{ words[0] }}) not like '%human%' then false
    end
{%- endmacro %}

{% macro subject_species(words, says) -%}
    case
        when {{ subject_is_phantom(words, says) }} then 'phantom'
        else lower({{ words[0] }})
    end
{%- endmacro %}

{# One row for each `key` of `relation` in whose `text` a phrase stands, with what the phrases say (`says`). #}
{% macro subject_phrases(relation, key, text) -%}
    select
        described.{{ key }},
        case when {{ dbt.bool_or("phrases.says = 'phantom'") }} then 'phantom' else 'unclear' end as says
    from {{ relation }} as described
    inner join {{ ref('seed_subject_phrase') }} as phrases
        on lower(described.{{ text }}) like '%' || phrases.phrase || '%'
    where described.{{ key }} is not null
    group by described.{{ key }}
{%- endmacro %}
