-- Grain: one comparison of two systems that are both landed. The two counts of records without a counterpart are on both sides.

select
    comparison_id,
    left_system,
    right_system,
    entity,
    left_count,
    right_count,
    gap,
    gap_percent,
    explained_count as explained,
    unexplained_count as unexplained
from rec_gap
where is_compared
order by comparison_id
