-- Grain: one comparison of two systems on the same kind of thing.
--
-- Where one side is not landed, nothing is compared and every number is null.

with counts as (

    select
        comparison_id,
        left_count,
        right_count
    from {{ ref('int_side_counts') }}
    union all
    select
        comparison_id,
        sum(left_count) as left_count,
        sum(right_count) as right_count
    from {{ ref('int_stated_gaps') }}
    group by comparison_id

),

causes as (

    select
        comparison_id,
        sum(case when side = 'left' then cause_count else 0 end) as left_only_count,
        sum(case when side = 'right' then cause_count else 0 end) as right_only_count,
        sum(case when is_explained then cause_count else 0 end) as explained_count,
        sum(case when is_explained then 0 else cause_count end) as unexplained_count
    from {{ ref('rec_gap_cause') }}
    group by comparison_id

),

compared as (

    select
        comparisons.comparison_id,
        comparisons.left_system,
        comparisons.right_system,
        comparisons.entity,
        -- A side that does not state its count is not compared: nothing is no number.
        comparisons.is_compared
            and counts.left_count is not null
            and counts.right_count is not null as is_compared,
        cast(counts.left_count as {{ dbt.type_bigint() }}) as left_count,
        cast(counts.right_count as {{ dbt.type_bigint() }}) as right_count,
        cast(coalesce(causes.left_only_count, 0) as {{ dbt.type_bigint() }}) as left_only_count,
        cast(coalesce(causes.right_only_count, 0) as {{ dbt.type_bigint() }}) as right_only_count,
        cast(coalesce(causes.explained_count, 0) as {{ dbt.type_bigint() }}) as explained_count,
        cast(coalesce(causes.unexplained_count, 0) as {{ dbt.type_bigint() }}) as unexplained_count
    from {{ ref('int_comparisons') }} as comparisons
    left join counts
        on comparisons.comparison_id = counts.comparison_id
    left join causes
        on comparisons.comparison_id = causes.comparison_id

)

select
    comparison_id,
    left_system,
    right_system,
    entity,
    is_compared,
    case when is_compared then left_count end as left_count,
    case when is_compared then right_count end as right_count,
    case when is_compared then left_count - right_count end as gap,
    case
        when is_compared and right_count > 0
            then cast(round(1e4 * (left_count - right_count) / right_count) / 100 as decimal(18, 2))
    end as gap_percent,
    case when is_compared then left_only_count end as left_only_count,
    case when is_compared then right_only_count end as right_only_count,
    case when is_compared then explained_count end as explained_count,
    case when is_compared then unexplained_count end as unexplained_count
from compared
