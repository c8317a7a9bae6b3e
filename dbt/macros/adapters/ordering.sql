{#
    The keys of an `order by` that put the values of a column into the same order on every engine; `data_type` is the engine's.

    An empty list comes first on one engine and last on another, but lists of one length are compared alike. Sail puts minus
    zero before zero, to which it is equal elsewhere.
#}
{% macro portable_order(column, data_type) -%}
    {%- if '[]' in data_type or 'array' in data_type | lower -%}
    {{ list_length(column) }} nulls last, {{ column }} nulls last
    {%- elif data_type | lower == 'double' -%}
    {{ column }} + 0e0 nulls last
    {%- else -%}
    {{ column }} nulls last
    {%- endif -%}
{%- endmacro %}
