{# The number in a version such as "v20" or "20.0.3": its first digits; null without any. #}
{% macro version_number(column) -%}
    try_cast(nullif(regexp_extract({{ column }}, '([0-9]+)', 1), '') as {{ dbt.type_bigint() }})
{%- endmacro %}
