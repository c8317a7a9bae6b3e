{#
    A surrogate key from a natural key: the first 15 hexadecimal digits of the MD5 of the parts, as a positive
    bigint (60 bits). The same natural key gives the same surrogate key in every snapshot and on every engine.
    Parts are joined by the unit separator, which no identifier contains; a null part counts as empty.
#}
{% macro surrogate_key(columns) -%}
    {{ hashed_bigint(natural_key_text(columns)) }}
{%- endmacro %}

{% macro natural_key_text(columns) -%}
    {%- for column in columns -%}
        coalesce(cast({{ column }} as {{ dbt.type_string() }}), ''){% if not loop.last %} || chr(31) || {% endif %}
    {%- endfor -%}
{%- endmacro %}
