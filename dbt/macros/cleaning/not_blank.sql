{#
    Text as it is, white space included, as identifiers are kept; nothing but white space is a missing value. What begins
    with a visible ASCII character, as almost all do, need not be trimmed to see that (a tenth of the time).
#}
{% macro not_blank(column) -%}
    case when ({{ column }} >= '!' and {{ column }} < chr(127)) or {{ trimmed(column) }} <> '' then {{ column }} end
{%- endmacro %}
