{#
    Megabytes (1 MB = 1,000,000 bytes) as whole bytes. Null where that is no size: unknown, not a number, negative, infinite or of
    more than 2^53 bytes (9 PB), which a double does not hold to the byte and of which no thousand add up to a bigint. One such
    value must not stop the build of all others; the audit names its row.
#}
{% macro size_bytes_of(megabytes) -%}
    case when {{ megabytes }} between 0 and 9007199254 then cast(round({{ megabytes }} * 1000000) as {{ dbt.type_bigint() }}) end
{%- endmacro %}
