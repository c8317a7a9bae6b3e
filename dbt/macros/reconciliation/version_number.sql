{# The number in a version such as "v20" or "20.0.3": its first digits; null without any. #}
{% macro version_number(column) -%}
    {{ stated_whole_number(first_match(column, '([0-9]+)')) }}
{%- endmacro %}

{# The first part of a version of several, 25 of 25.0.5, as bigint; null where that is no number. #}
{% macro major_version(column) -%}
    {{ stated_whole_number(text_part(column, '.', 1)) }}
{%- endmacro %}
