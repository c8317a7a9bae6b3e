{# Text without surrounding white space; an empty string is a missing value. #}
{% macro text_or_null(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}
