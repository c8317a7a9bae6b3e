-- Grain: one comparison of two systems as a whole, or one collection in it of which a side has records that the other lacks.
--
-- A comparison as a whole is the row of rec_gap; comparisons of stated numbers have no records, so no collections.

with causes as (

    select
        comparison_id,
        side,
        cause,
        is_explained
    from {{ ref('rec_gap_cause') }}

),

of_collections as (

    select
        gap_rows.comparison_id,
        gap_rows.collection_id,
        sum(case when gap_rows.side = 'left' then 1 else 0 end) as left_only_count,
        sum(case when gap_rows.side = 'right' then 1 else 0 end) as right_only_count,
        sum(case when causes.is_explained then 1 else 0 end) as explained_count,
        sum(case when causes.is_explained then 0 else 1 end) as unexplained_count
    from {{ ref('rec_gap_row') }} as gap_rows
    inner join causes
        on gap_rows.comparison_id = causes.comparison_id
        and gap_rows.side = causes.side
        and gap_rows.cause = causes.cause
    group by
        gap_rows.comparison_id,
        gap_rows.collection_id

),

of_comparisons as (

    select
        comparison_id,
        min(left_count) as left_count,
        min(right_count) as right_count,
        {{ metric('gap_size') }} as gap,
        min(left_only_count) as left_only_count,
        min(right_only_count) as right_only_count,
        min(explained_count) as explained_count,
        {{ metric('unexplained_gap') }} as unexplained_count
    from {{ ref('rec_gap') }}
    group by comparison_id

),

gaps as (

    select
        'comparison' as grain,
        comparison_id,
        cast(null as {{ dbt.type_string() }}) as collection_id,
        left_count,
        right_count,
        gap,
        left_only_count,
        right_only_count,
        explained_count,
        unexplained_count
    from of_comparisons
    union all
    select
        'collection' as grain,
        comparison_id,
        collection_id,
        cast(null as {{ dbt.type_bigint() }}) as left_count,
        cast(null as {{ dbt.type_bigint() }}) as right_count,
        left_only_count - right_only_count as gap,
        left_only_count,
        right_only_count,
        explained_count,
        unexplained_count
    from of_collections

)

select
    {{ surrogate_key(['gaps.grain', 'gaps.comparison_id', 'gaps.collection_id']) }} as gap_key,
    gaps.grain,
    gaps.comparison_id,
    gaps.collection_id,
    compared.left_system,
    compared.right_system,
    compared.entity,
    compared.is_compared,
    gaps.left_count,
    gaps.right_count,
    cast(gaps.gap as {{ dbt.type_bigint() }}) as gap,
    cast(gaps.left_only_count as {{ dbt.type_bigint() }}) as left_only_count,
    cast(gaps.right_only_count as {{ dbt.type_bigint() }}) as right_only_count,
    cast(gaps.explained_count as {{ dbt.type_bigint() }}) as explained_count,
    cast(gaps.unexplained_count as {{ dbt.type_bigint() }}) as unexplained_count
from gaps
inner join {{ ref('rec_gap') }} as compared
    on gaps.comparison_id = compared.comparison_id
