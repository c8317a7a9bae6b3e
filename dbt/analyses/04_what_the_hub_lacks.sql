-- What does the hub lack of the platforms that it lists, and why?
select
    gaps.comparison_id,
    gaps.left_count as in_platform,
    gaps.right_count as in_hub,
    gaps.gap_percent,
    causes.cause,
    causes.cause_count as missing
from rec_gap as gaps
join rec_gap_cause as causes
    on gaps.comparison_id = causes.comparison_id
where
    gaps.left_system in ('idc', 'midrc')
    and gaps.right_system = 'bih'
    and causes.side = 'left'
order by
    gaps.comparison_id,
    causes.cause_count desc,
    causes.cause
