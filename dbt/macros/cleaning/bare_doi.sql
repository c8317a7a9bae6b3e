{# A DOI in lower case without the address of its resolver. #}
{% macro bare_doi(column) -%}
    nullif(
        replace(replace(replace(replace(lower({{ trimmed(column) }}), 'https://', ''), 'http://', ''), 'dx.doi.org/', ''), 'doi.org/', ''),
        ''
    )
{%- endmacro %}
