{#
    An age in years (double, three places) from a number of any type. Null where it is no number below a million: the way over the
    decimal makes one value of those that print the same, and no negative zero.
#}
{% macro years_of(number) -%}
    cast({{ cast_or_null('round(' ~ number ~ ', 3)', 'decimal(9, 3)') }} as double)
{%- endmacro %}
