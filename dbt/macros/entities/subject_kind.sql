{#
    What the subjects of a collection are, in the collection's own words: its species, and the diseases and sites that it lists. A
    species, or a disease, that is `Phantom` and nothing else says it of all subjects (IDC writes species Human for most phantoms);
    a list that names phantoms, or human beside another species, does not say of whom.

    subject_is_phantom and subject_is_human are true, false, or null where the words do not tell. subject_species is in lower case,
    as the collection lists it, and `phantom` for phantoms. `words` are SQL texts, species first; a source without species gives null.
#}
{% macro subject_is_phantom(words) -%}
    case
        {%- for word in words[:2] %}
        when lower({{ word }}) = 'phantom' then true
        {%- endfor %}
        {%- for word in words %}
        when lower({{ word }}) like '%phantom%' then null
        {%- endfor %}
        when coalesce({{ words | join(', ') }}) is not null then false
    end
{%- endmacro %}

{% macro subject_is_human(words) -%}
    case
        when {{ subject_is_phantom(words) }} then false
        when not {{ subject_is_phantom(words) }} and lower({{ words[0] }}) = 'human' then true
        when lower({{ words[0] }}) not like '%human%' then false
    end
{%- endmacro %}

{% macro subject_species(words) -%}
    case
        when {{ subject_is_phantom(words) }} then 'phantom'
        else lower({{ words[0] }})
    end
{%- endmacro %}
