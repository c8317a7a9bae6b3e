-- Grain: one row of one side that repeats the identifier of another row of that side.
--
-- Of the rows that share an identifier the one with the smallest key stands for the side in the crosswalk: it is not here.

{{ config(materialized='table') }}

{% for entity in ['patient', 'study', 'series'] %}
{%- set sides = crosswalk_sides(entity) %}
select
    '{{ entity }}' as row_kind,
    members.side,
    members.natural_id,
    members.row_key
from {{ ref('int_' ~ entity ~ '_members') }} as members
inner join {{ ref('xwalk_' ~ entity) }} as xwalk
    on members.natural_id = xwalk.natural_id
where
    ({% for side in sides %}xwalk.{{ side }}_count > 1{{ ' or ' if not loop.last }}{% endfor %})
    and members.row_key <> case members.side
        {%- for side in sides %}
        when '{{ side }}' then xwalk.{{ side }}_{{ entity }}_key
        {%- endfor %}
    end
{{ 'union all' if not loop.last }}
{%- endfor %}
