{#
    The sides of the comparisons row by row: comparison_id, what a row is in the crosswalks, left or right, the side of the
    crosswalk, and the one that it is compared with.
#}
{% macro compared_sides() -%}
    {%- set sides = [] -%}
    {%- for comparison_id, entity, left, right in compared_pairs() -%}
        {%- do sides.append((comparison_id, entity, 'left', left, right)) -%}
        {%- do sides.append((comparison_id, entity, 'right', right, left)) -%}
    {%- endfor -%}
    {{ return(sides) }}
{%- endmacro %}
