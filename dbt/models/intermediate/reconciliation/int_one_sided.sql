-- Grain: one row of one side of a comparison that has no counterpart of its own on the other side.
--
-- Of the rows of a side that share an identifier one is matched, the others have no counterpart (is_repeated).

{{ config(materialized='table') }}

{% for comparison_id, entity, left, right in compared_pairs() %}
{%- for side, own, other in [('left', left, right), ('right', right, left)] %}
select
    '{{ comparison_id }}' as comparison_id,
    '{{ comparison_id.split(':')[0] }}' as pair_id,
    '{{ side }}' as side,
    '{{ entity }}' as row_kind,
    natural_id,
    {{ own }}_{{ entity }}_key as row_key,
    false as is_repeated
from {{ ref('xwalk_' ~ entity) }}
where
    {{ own }}_count > 0
    and {{ other }}_count = 0
union all
select
    '{{ comparison_id }}' as comparison_id,
    '{{ comparison_id.split(':')[0] }}' as pair_id,
    '{{ side }}' as side,
    '{{ entity }}' as row_kind,
    xwalk.natural_id,
    members.row_key,
    true as is_repeated
from {{ ref('xwalk_' ~ entity) }} as xwalk
inner join {{ ref('int_' ~ entity ~ '_members') }} as members
    on xwalk.natural_id = members.natural_id
    and members.side = '{{ own }}'
where
    xwalk.{{ own }}_count > 1
    and members.row_key <> xwalk.{{ own }}_{{ entity }}_key
{{ 'union all' if not loop.last }}
{%- endfor %}
{{ 'union all' if not loop.last }}
{%- endfor %}
