{#
    Whether one row of int_collection_systems stands left of another in a pair: IDC before MIDRC before the repositories of the
    Hub, these by name. Two collections of one system are no pair.
#}
{% macro stands_left(lefts, rights) -%}
    (
        {{ lefts }}.system_number < {{ rights }}.system_number
        or ({{ lefts }}.system_number = {{ rights }}.system_number and {{ lefts }}.system_id < {{ rights }}.system_id)
    )
{%- endmacro %}
