-- On what do the MIDRC portal and the hub disagree where both describe the same case, study or series?
select
    comparison_id,
    attribute,
    compared_count as compared,
    agreeing_count as agreeing,
    disagreeing_count as disagreeing,
    right_missing_count as hub_says_nothing
from rec_disagreement
where comparison_id in ('midrc-bih:case', 'midrc-bih:study', 'midrc-bih:series')
order by
    comparison_id,
    attribute
