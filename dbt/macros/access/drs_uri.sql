{#
    The compact identifier (GA4GH Data Repository Service 1.4) of an object id with a registered prefix: drs://, the prefix, a
    colon, the accession, as Indexd writes it. Null for any other object id, which only its own server knows.
#}
{% macro drs_uri(object_id) -%}
    case
        when {{ matches_pattern(object_id, 'dg[.][0-9A-Za-z]+/[0-9A-Za-z._~-]+') }}
            then 'drs://' || replace({{ object_id }}, '/', ':')
    end
{%- endmacro %}
