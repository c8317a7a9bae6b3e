{#
    The date at the end of the name of a MIDRC dataset, which is the day of its submission (RSNA_20230830); null without one.
    Source of the convention: the names of the portal's datasets in the comparison report of February 2026.
#}
{% macro batch_date(column) -%}
    {{ date_of_digits(first_match(column, '_([0-9]{8})$')) }}
{%- endmacro %}
