-- Grain: one collection of one patient, study or series that several systems describe.

{%- set entities = ['patient', 'study', 'series'] %}

with members as (

    {%- for entity in entities %}
    {%- set sides = crosswalk_sides(entity) | reject('equalto', 'tcia_subset') | list %}
    {%- for side in sides %}
    select
        '{{ entity }}' as entity,
        {{ entity }}_xwalk_key as xwalk_key,
        {{ side }}_{{ entity }}_key as row_key
    from {{ ref('xwalk_' ~ entity) }}
    where
        {{ side }}_count > 0
        and ({% for other in sides if other != side %}{{ other }}_count > 0{{ ' or ' if not loop.last }}{% endfor %})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

{% for entity in entities %}
select
    members.entity,
    members.xwalk_key,
    links.collection_key
from members
inner join {{ ref('bridge_' ~ entity ~ '_collection') }} as links
    on members.row_key = links.{{ entity }}_key
where members.entity = '{{ entity }}'
{{ 'union all' if not loop.last }}
{%- endfor %}
