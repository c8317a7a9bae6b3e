{#
    A list as the record states it, in its order, with elements of the type `element` (SQL); null where it has none or only blank
    ones. An element that is no such number is null and keeps its place.
#}
{% macro stated_list(column, element) -%}
    case when {{ joined_elements(column, "''") }} is not null then cast({{ column }} as {{ list_type(element) }}) end
{%- endmacro %}
