{#
    The surrogate key of a modality (SQL), null without one. join_modality joins the terms of DICOM with their keys, which are so
    made once a term; a modality that is none of them is hashed by itself.
#}
{% macro join_modality(modality) -%}
    left join (
        select
            modality as known_modality,
            {{ surrogate_key(['modality']) }} as known_modality_key
        from {{ ref('seed_modality') }}
    ) as known_modalities
        on {{ modality }} = known_modalities.known_modality
{%- endmacro %}

{% macro modality_key(modality) -%}
    coalesce(known_modalities.known_modality_key, {{ reference_key([modality]) }})
{%- endmacro %}
