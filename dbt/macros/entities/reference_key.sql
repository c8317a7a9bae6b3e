{# A surrogate key that refers to another row, from the parts of its natural key; null where a part is null. #}
{% macro reference_key(parts) -%}
    case
        when {{ parts | join(' is not null and ') }} is not null then {{ surrogate_key(parts) }}
    end
{%- endmacro %}

{# The key of a patient of the portals, whose natural key has no collection; null without a natural key. #}
{% macro portal_patient_key(source_id, natural_key) -%}
    case
        when {{ natural_key }} is not null then {{ surrogate_key([source_id, "''", natural_key]) }}
    end
{%- endmacro %}
