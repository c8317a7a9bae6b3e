{#
    One row for each different value of a list of texts, without blank ones: the columns `keys` of the row with the list,
    and the value under the name `element`.
#}
{% macro list_elements(relation, keys, list, element) -%}
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {{ text_or_null('listed_value') }} as {{ element }}
    from (
        select
            {%- for key in keys %}
            {{ key }},
            {%- endfor %}
            {{ unnest_list(distinct_values(list)) }} as listed_value
        from {{ relation }}
    ) as elements
    where {{ text_or_null('listed_value') }} is not null
{%- endmacro %}
