{# Text as it is, white space included, as identifiers are kept; nothing but white space is a missing value. #}
{% macro not_blank(column) -%}
    case when trim({{ column }}) <> '' then {{ column }} end
{%- endmacro %}
