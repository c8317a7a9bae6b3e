-- Grain: one collection on one side of a comparison, with whether the other side has it, too.
--
-- Every collection is here for every side: which of them the rows of that side are in, the bridges say.

{{ config(materialized='table') }}

with matched as (

    {% for comparison_id, entity, side, own, other in compared_sides() %}
    select distinct
        '{{ comparison_id }}' as comparison_id,
        '{{ side }}' as side,
        links.collection_key
    from {{ ref('xwalk_' ~ entity) }} as xwalk
    inner join {{ ref('bridge_' ~ entity ~ '_collection') }} as links
        on xwalk.{{ own }}_{{ entity }}_key = links.{{ entity }}_key
    where
        xwalk.{{ own }}_count > 0
        and xwalk.{{ other }}_count > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

sides as (

    select
        comparisons.comparison_id,
        'left' as side,
        comparisons.hub_midrc_date
    from {{ ref('int_comparisons') }} as comparisons
    inner join {{ ref('int_side_counts') }} as counts
        on comparisons.comparison_id = counts.comparison_id
    union all
    select
        comparison_id,
        'right' as side,
        cast(null as date) as hub_midrc_date
    from {{ ref('int_side_counts') }}

)

select
    sides.comparison_id,
    sides.side,
    collections.collection_key,
    collections.collection_id,
    matched.collection_key is null as is_absent,
    coalesce({{ batch_date('collections.collection_id') }} > sides.hub_midrc_date, false) as is_newer_batch
from sides
cross join {{ ref('dim_collection') }} as collections
left join matched
    on sides.comparison_id = matched.comparison_id
    and sides.side = matched.side
    and collections.collection_key = matched.collection_key
