-- Grain: one metric of the series whose value of a dimension belongs to a group of values, as one system or repository describes
-- them.
--
-- The groups are those that the comparison report names (`others`, `chest (any)`): values that are listed, that look alike, or
-- that are not listed. Only what adds up is counted; of a series without a value (`no data`) nothing is known.

with counts as (

    select *
    from {{ ref('int_series_counts') }}
    where
        dimension in ('modality', 'body_part', 'license', 'collection')
        and metric in ('series', 'instances', 'size_bytes', 'collections')

),

members as (

    select * from {{ ref('seed_report_group') }}

),

group_names as (

    select distinct
        source_id,
        dimension,
        group_name
    from members
    where rule = 'is not'

),

listed as (

    select
        members.group_name,
        counts.source_id,
        counts.dimension,
        counts.dimension_value,
        counts.metric,
        counts.counted
    from counts
    inner join members
        on counts.source_id = members.source_id
        and counts.dimension = members.dimension
        and (
            (members.rule = 'is' and counts.dimension_value = members.dimension_value)
            or (members.rule = 'is like' and counts.dimension_value like members.dimension_value)
        )

),

others as (

    select
        group_names.group_name,
        counts.source_id,
        counts.dimension,
        counts.dimension_value,
        counts.metric,
        counts.counted
    from counts
    inner join group_names
        on counts.source_id = group_names.source_id
        and counts.dimension = group_names.dimension
    left join members
        on group_names.source_id = members.source_id
        and group_names.dimension = members.dimension
        and group_names.group_name = members.group_name
        and counts.dimension_value = members.dimension_value
    where members.dimension_value is null

),

grouped as (

    select * from listed
    union all
    select * from others

)

select
    source_id,
    dimension || '_group' as dimension,
    group_name as dimension_value,
    metric,
    cast(sum(counted) as {{ dbt.type_bigint() }}) as counted
from grouped
group by
    source_id,
    dimension,
    group_name,
    metric
union all
select
    source_id,
    dimension || '_group' as dimension,
    group_name as dimension_value,
    'values' as metric,
    cast(count(distinct dimension_value) as {{ dbt.type_bigint() }}) as counted
from grouped
where
    dimension_value <> 'no data'
    and metric = 'series'
group by
    source_id,
    dimension,
    group_name
union all
select
    source_id,
    dimension || '_group' as dimension,
    group_name as dimension_value,
    'series_of_largest' as metric,
    max(counted) as counted
from grouped
where
    dimension_value <> 'no data'
    and metric = 'series'
group by
    source_id,
    dimension,
    group_name
