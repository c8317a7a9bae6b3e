{#
    Identifiers of open vocabularies (license, body_part, manufacturer). The seed map_<name> maps raw texts (<name>_raw) to
    identifiers; a text that it lacks is its own identifier, so that no value is lost.

    join_mapping joins the seed by a text (SQL) and, if given, by the source, and adds no rows. mapped_id and mapped_key are the
    identifier and its surrogate key, null without a text. Mapped keys are hashed once per text instead of once per row.
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
