-- Grain: one collection of one side of a comparison of which at least one row has a counterpart.

{{ config(materialized='table') }}

{% for comparison_id, entity, left, right in compared_pairs() %}
{%- for side, own in [('left', left), ('right', right)] %}
select distinct
    '{{ comparison_id }}' as comparison_id,
    '{{ side }}' as side,
    links.collection_key
from {{ ref('xwalk_' ~ entity) }} as xwalk
inner join {{ ref('bridge_' ~ entity ~ '_collection') }} as links
    on xwalk.{{ own }}_{{ entity }}_key = links.{{ entity }}_key
where
    xwalk.{{ left }}_count > 0
    and xwalk.{{ right }}_count > 0
{{ 'union all' if not loop.last }}
{%- endfor %}
{{ 'union all' if not loop.last }}
{%- endfor %}
