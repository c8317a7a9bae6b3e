{#
    The systems and copies in which the same thing may be described. The Hub's rows are told apart by the repository that they
    come from, because a series of IDC may be in the Hub twice: as IDC's and as the copy of TCIA.
#}
{% macro crosswalk_sides(entity) -%}
    {%- set sides = ['idc', 'midrc', 'bih_idc', 'bih_midrc', 'bih_tcia', 'bih_other'] -%}
    {{ return(sides + ['tcia_subset'] if entity == 'series' else sides) }}
{%- endmacro %}

{# The side of a row, by its source and repository. #}
{% macro crosswalk_side(source_id, repository_id) -%}
    case
        when {{ source_id }} <> 'bih' then {{ source_id }}
        when {{ repository_id }} in ('bih_idc', 'bih_midrc', 'bih_tcia') then {{ repository_id }}
        else 'bih_other'
    end
{%- endmacro %}
