-- Grain: one collection or dataset on one side of a comparison, by the records that only this side has: the fifteen with the most.

with counted as (
    select
        comparison_id,
        side,
        collection_id,
        count(*) as records,
        count(*) filter (where cause = 'unexplained') as unexplained
    from rec_gap_row
    group by
        comparison_id,
        side,
        collection_id
)

select
    comparison_id,
    side,
    coalesce(collection_id, '(no collection)') as collection,
    records,
    unexplained
from counted
qualify row_number() over (partition by comparison_id, side order by records desc, collection_id) <= 15
order by
    comparison_id,
    side,
    records desc,
    collection_id
