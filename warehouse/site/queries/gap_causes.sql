-- Grain: one cause of the gap of one comparison on one side. Those of the left less those of the right are the gap.

select
    comparison_id,
    side,
    cause,
    cause_count as records,
    is_explained,
    cause_description
from rec_gap_cause
order by
    comparison_id,
    cause_count desc,
    side,
    cause
