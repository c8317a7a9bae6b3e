{#
    The surrogate key of a modality (SQL), null without one. join_modality joins the keys of the terms of DICOM and adds no rows;
    only a modality that is not a term of DICOM is hashed row by row.
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
