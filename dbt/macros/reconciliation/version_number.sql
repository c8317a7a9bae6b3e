{# The number in a version such as "v20" or "20.0.3": its first digits; null without any. #}
{% macro version_number(column) -%}
    {{ cast_or_null(first_match(column, '([0-9]+)'), dbt.type_bigint()) }}
{%- endmacro %}
