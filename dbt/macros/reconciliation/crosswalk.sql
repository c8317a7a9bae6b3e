{#
    One row for each natural id of `members` (columns natural_id, side, row_key and the attributes), with the key and the number
    of rows of each side and, for each attribute, what IDC, MIDRC, the Hub and the Hub's copy of TCIA say, and whether they differ.
    Of several rows of one side the smallest key and the smallest value stand for it. What is missing does not differ.
#}
{% macro crosswalk(members, entity, attributes) -%}
with matched as (

    select
        natural_id,
        {%- for side in crosswalk_sides(entity) %}
        min(case when side = '{{ side }}' then row_key end) as {{ side }}_{{ entity }}_key,
        count(case when side = '{{ side }}' then 1 end) as {{ side }}_count,
        {%- endfor %}
        {%- for attribute in attributes %}
        min(case when side = 'idc' then {{ attribute }} end) as idc_{{ attribute }},
        min(case when side = 'midrc' then {{ attribute }} end) as midrc_{{ attribute }},
        min(case when side in ('bih_idc', 'bih_midrc', 'bih_other') then {{ attribute }} end) as bih_{{ attribute }},
        min(case when side = 'bih_tcia' then {{ attribute }} end) as bih_tcia_{{ attribute }},
        max({{ attribute }}) as largest_{{ attribute }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ members }}
    group by natural_id

)

select
    {{ surrogate_key(['natural_id']) }} as {{ entity }}_xwalk_key,
    natural_id,
    idc_count > 0 as in_idc,
    midrc_count > 0 as in_midrc,
    bih_idc_count + bih_midrc_count + bih_tcia_count + bih_other_count > 0 as in_bih,
    bih_tcia_count > 0 as in_bih_tcia,
    {%- for side in crosswalk_sides(entity) %}
    {{ side }}_{{ entity }}_key,
    {{ side }}_count,
    {%- endfor %}
    {%- for attribute in attributes %}
    idc_{{ attribute }},
    midrc_{{ attribute }},
    bih_{{ attribute }},
    bih_tcia_{{ attribute }},
    -- The smallest value is that of one of the four: no other side has attributes.
    coalesce(
        least(idc_{{ attribute }}, midrc_{{ attribute }}, bih_{{ attribute }}, bih_tcia_{{ attribute }})
            <> largest_{{ attribute }},
        false
    ) as {{ attribute }}_disagrees{{ ',' if not loop.last }}
    {%- endfor %}
from matched
{%- endmacro %}
