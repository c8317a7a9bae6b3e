{#
    A count or a size in bytes that can be added up: null where it is negative or of more than 2^53, of which no thousand make a
    bigint (size_bytes_of does the same with megabytes). One such value must not stop the build of all others; the landed file
    keeps it, and the audit names its row.
#}
{% macro plausible_count(column) -%}
    case when {{ column }} between 0 and 9007199254740992 then {{ column }} end
{%- endmacro %}
