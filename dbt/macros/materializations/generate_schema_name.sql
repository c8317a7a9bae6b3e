{#
    Schemas are named for their layer (landed, staging, star, seeds), without a prefix: one build is one file. The star
    lies in the target's own schema, which is `star` in a build and `main` in a published snapshot.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name in (none, 'star') else custom_schema_name | trim }}
{%- endmacro %}
