{#
    One row for each natural id of `members` (columns natural_id, side, row_key and the attributes), with the key and the number
    of rows of each side and, for each attribute, what IDC, MIDRC, the Hub and the Hub's copy of TCIA say, and whether they differ.
    Of several rows of one side the smallest key and the smallest value stand for it. What is missing does not differ.

    Each side is grouped by itself and joined to the others: one group by over all of them would hold the columns of every side
    for each of a million ids.
#}
{% macro crosswalk(members, entity, attributes) -%}
{%- set sides = crosswalk_sides(entity) -%}
with members as (

    select
        natural_id,
        side,
        row_key,
        {{ attributes | join(',\n        ') }}
    from {{ members }}

),
{% for side in sides %}
{{ side }} as (

    select
        natural_id,
        min(row_key) as {{ side }}_{{ entity }}_key,
        count(*) as {{ side }}_count,
        {%- for attribute in attributes %}
        min({{ attribute }}) as {{ side }}_{{ attribute }},
        max({{ attribute }}) as {{ side }}_largest_{{ attribute }}{{ ',' if not loop.last }}
        {%- endfor %}
    from members
    where side = '{{ side }}'
    group by natural_id

){{ ',' if not loop.last }}
{% endfor %}
select
    {{ surrogate_key(['natural_id']) }} as {{ entity }}_xwalk_key,
    natural_id,
    idc_count is not null as in_idc,
    midrc_count is not null as in_midrc,
    coalesce(bih_idc_count, bih_midrc_count, bih_tcia_count, bih_other_count) is not null as in_bih,
    bih_tcia_count is not null as in_bih_tcia,
    {%- for side in sides %}
    {{ side }}_{{ entity }}_key,
    coalesce({{ side }}_count, 0) as {{ side }}_count,
    {%- endfor %}
    {%- for attribute in attributes %}
    idc_{{ attribute }},
    midrc_{{ attribute }},
    least(bih_idc_{{ attribute }}, bih_midrc_{{ attribute }}, bih_other_{{ attribute }}) as bih_{{ attribute }},
    bih_tcia_{{ attribute }},
    coalesce(
        least({% for side in sides %}{{ side }}_{{ attribute }}{{ ', ' if not loop.last }}{% endfor %})
            <> greatest({% for side in sides %}{{ side }}_largest_{{ attribute }}{{ ', ' if not loop.last }}{% endfor %}),
        false
    ) as {{ attribute }}_disagrees{{ ',' if not loop.last }}
    {%- endfor %}
from {{ sides[0] }}
{%- for side in sides[1:] %}
full join {{ side }} using (natural_id)
{%- endfor %}
{%- endmacro %}
