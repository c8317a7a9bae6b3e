{# Schemas are named for their layer (landed, staging, star, seeds), without the target's prefix: one build is one file. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
