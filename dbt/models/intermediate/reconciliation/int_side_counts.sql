-- Grain: one comparison that is made row by row, with the number of rows of each side.

{{ config(materialized='table') }}

{% for comparison_id, entity, left, right in compared_pairs() %}
select
    '{{ comparison_id }}' as comparison_id,
    coalesce(sum({{ left }}_count), 0) as left_count,
    coalesce(sum({{ right }}_count), 0) as right_count
from {{ ref('xwalk_' ~ entity) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
