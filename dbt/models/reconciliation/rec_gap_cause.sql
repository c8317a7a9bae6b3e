-- Grain: one cause of the gap of one comparison on one side: how many rows of that side the other lacks because of it.
--
-- The causes of the left side less those of the right side are the gap.

with counted as (

    select
        comparison_id,
        side,
        cause,
        count(*) as cause_count
    from {{ ref('rec_gap_row') }}
    group by
        comparison_id,
        side,
        cause
    union all
    select
        comparison_id,
        'left' as side,
        left_cause as cause,
        sum(left_count - right_count) as cause_count
    from {{ ref('int_stated_gaps') }}
    where left_count > right_count
    group by
        comparison_id,
        left_cause
    union all
    select
        comparison_id,
        'right' as side,
        right_cause as cause,
        sum(right_count - left_count) as cause_count
    from {{ ref('int_stated_gaps') }}
    where right_count > left_count
    group by
        comparison_id,
        right_cause

)

select
    counted.comparison_id,
    counted.side,
    counted.cause,
    cast(counted.cause_count as {{ dbt.type_bigint() }}) as cause_count,
    causes.is_explained,
    causes.description as cause_description
from counted
inner join {{ ref('seed_gap_cause') }} as causes
    on counted.cause = causes.cause
