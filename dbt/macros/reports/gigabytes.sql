{# Bytes as gigabytes: 1 GB = 1,000,000,000 bytes, as the published reports have it. #}
{% macro gigabytes(column) -%}
    cast(round({{ column }} / 1e3) / 1e6 as decimal(28, 6))
{%- endmacro %}
