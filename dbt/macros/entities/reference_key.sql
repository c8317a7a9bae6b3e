{# The surrogate key of the row that the parts name; null where a part is null, and so no row is named. #}
{% macro reference_key(parts) -%}
    case
        when {{ parts | join(' is not null and ') }} is not null then {{ surrogate_key(parts) }}
    end
{%- endmacro %}

{# The same of a patient of the portals, who is known without a collection. #}
{% macro portal_patient_key(source_id, natural_key) -%}
    case
        when {{ natural_key }} is not null then {{ surrogate_key([source_id, "''", natural_key]) }}
    end
{%- endmacro %}
