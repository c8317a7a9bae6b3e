{#
    The comparisons row by row: comparison_id (see seed_comparison), what a row is in the crosswalks, and the two sides.
#}
{% macro compared_pairs() -%}
    {{ return([
        ('midrc-bih:case', 'patient', 'midrc', 'bih_midrc'),
        ('midrc-bih:study', 'study', 'midrc', 'bih_midrc'),
        ('midrc-bih:series', 'series', 'midrc', 'bih_midrc'),
        ('idc-bih:patient', 'patient', 'idc', 'bih_idc'),
        ('idc-bih:study', 'study', 'idc', 'bih_idc'),
        ('idc-bih:series', 'series', 'idc', 'bih_idc'),
        ('idc_tcia-bih_tcia:series', 'series', 'tcia_subset', 'bih_tcia'),
    ]) }}
{%- endmacro %}
