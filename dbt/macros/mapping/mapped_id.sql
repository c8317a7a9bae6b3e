{#
    Identifiers of open lists (license, body_part, manufacturer). The seed map_<name> has texts (<name>_raw) and the identifiers
    that they mean; a text without one is kept as its own identifier, so that no value is lost.

    join_mapping joins the seed by a text (SQL) and, where the seed has it, by the source; no row becomes more. mapped_id and
    mapped_key are the identifier and its surrogate key, null without a text. Keys of mapped texts are made once a text, not once
    a row: hashing is most of what the large models cost.
#}
{% macro join_mapping(name, text, source_id=none) -%}
    left join (
        select
            {%- if source_id %}
            source_id,
            {%- endif %}
            {{ name }}_raw,
            {{ name }}_id,
            {{ surrogate_key([name ~ '_id']) }} as {{ name }}_key
        from {{ ref('map_' ~ name) }}
    ) as map_{{ name }}
        on {{ text }} = map_{{ name }}.{{ name }}_raw
        {%- if source_id %}
        and {{ source_id }} = map_{{ name }}.source_id
        {%- endif %}
{%- endmacro %}

{% macro mapped_id(name, text) -%}
    coalesce(map_{{ name }}.{{ name }}_id, {{ text }})
{%- endmacro %}

{% macro mapped_key(name, text) -%}
    coalesce(map_{{ name }}.{{ name }}_key, {{ reference_key([text]) }})
{%- endmacro %}
