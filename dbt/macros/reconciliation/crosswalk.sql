{#
    The systems and copies in which the same thing may be described. The Hub's rows are told apart by the repository that they
    come from, because a series of IDC may stand in the Hub twice: as IDC's and as the copy of TCIA.
#}
{% macro crosswalk_sides(entity) -%}
    {%- set sides = ['idc', 'midrc', 'bih_idc', 'bih_midrc', 'bih_tcia', 'bih_other'] -%}
    {{ return(sides + ['tcia_subset'] if entity == 'series' else sides) }}
{%- endmacro %}

{% macro crosswalk_side(source_id, repository_id) -%}
    case
        when {{ source_id }} <> 'bih' then {{ source_id }}
        when {{ repository_id }} in ('bih_idc', 'bih_midrc', 'bih_tcia') then {{ repository_id }}
        else 'bih_other'
    end
{%- endmacro %}

{#
    One row for each natural id of `members` (columns natural_id, side, row_key and the attributes), with the key and the number
    of rows of each side and, for each attribute, what IDC, MIDRC, the Hub and the Hub's copy of TCIA say, and whether they differ.
    Of several rows of one side the smallest key and the smallest value stand for it. What is missing does not differ.
#}
{% macro crosswalk(members, entity, attributes) -%}
    select
        {{ surrogate_key(['natural_id']) }} as {{ entity }}_xwalk_key,
        natural_id,
        count(case when side = 'idc' then 1 end) > 0 as in_idc,
        count(case when side = 'midrc' then 1 end) > 0 as in_midrc,
        count(case when side in ('bih_idc', 'bih_midrc', 'bih_tcia', 'bih_other') then 1 end) > 0 as in_bih,
        count(case when side = 'bih_tcia' then 1 end) > 0 as in_bih_tcia,
        {%- for side in crosswalk_sides(entity) %}
        min(case when side = '{{ side }}' then row_key end) as {{ side }}_{{ entity }}_key,
        count(case when side = '{{ side }}' then 1 end) as {{ side }}_count,
        {%- endfor %}
        {%- for attribute in attributes %}
        min(case when side = 'idc' then {{ attribute }} end) as idc_{{ attribute }},
        min(case when side = 'midrc' then {{ attribute }} end) as midrc_{{ attribute }},
        min(case when side in ('bih_idc', 'bih_midrc', 'bih_other') then {{ attribute }} end) as bih_{{ attribute }},
        min(case when side = 'bih_tcia' then {{ attribute }} end) as bih_tcia_{{ attribute }},
        coalesce(min({{ attribute }}) <> max({{ attribute }}), false) as {{ attribute }}_disagrees{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ members }}
    group by natural_id
{%- endmacro %}
