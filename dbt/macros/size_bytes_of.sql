{#
    Megabytes (1 MB = 1,000,000 bytes) as whole bytes. Null where that is no size: unknown, not a number, infinite, negative or
    beyond a bigint. One such value must not stop the build of all others; the audit names its row.
#}
{% macro size_bytes_of(megabytes) -%}
    case when {{ megabytes }} >= 0 then try_cast(round({{ megabytes }} * 1000000) as bigint) end
{%- endmacro %}
