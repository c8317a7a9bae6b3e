-- Grain: one metric of the series whose value of a dimension belongs to a group of values, as one system or repository describes
-- them.
--
-- The groups are those that the comparison report names (`others`, `chest (any)`): values that are listed, that look alike, or
-- that are not listed. Only what adds up is counted; of a series without a value (`no data`) nothing is known.

with counts as (

    select
        source_id,
        dimension,
        dimension_value,
        metric,
        counted
    from {{ ref('int_series_counts') }}
    where dimension in ('modality', 'body_part', 'license')
    union all
    select
        source_id,
        dimension,
        dimension_value,
        metric,
        counted
    from {{ ref('int_series_collection_counts') }}
    where dimension = 'collection'

),

groups_of_others as (

    select distinct
        source_id,
        dimension,
        group_name
    from {{ ref('seed_report_group') }}
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
    inner join {{ ref('seed_report_group') }} as members
        on counts.source_id = members.source_id
        and counts.dimension = members.dimension
        and (
            (members.rule = 'is' and counts.dimension_value = members.dimension_value)
            or (members.rule = 'is like' and counts.dimension_value like members.dimension_value)
        )

),

others as (

    select
        groups_of_others.group_name,
        counts.source_id,
        counts.dimension,
        counts.dimension_value,
        counts.metric,
        counts.counted
    from counts
    inner join groups_of_others
        on counts.source_id = groups_of_others.source_id
        and counts.dimension = groups_of_others.dimension
    left join {{ ref('seed_report_group') }} as members
        on groups_of_others.source_id = members.source_id
        and groups_of_others.dimension = members.dimension
        and groups_of_others.group_name = members.group_name
        and counts.dimension_value = members.dimension_value
    where members.dimension_value is null

),

named as (

    select * from listed
    union all
    select * from others

),

grouped as (

    select
        source_id,
        dimension || '_group' as dimension,
        group_name as dimension_value,
        sum(case when metric = 'series' then counted end) as series,
        sum(case when metric = 'instances' then counted end) as instances,
        sum(case when metric = 'size_bytes' then counted end) as size_bytes,
        sum(case when metric = 'collections' then counted end) as collections,
        nullif(
            count(distinct case when metric = 'series' and dimension_value <> 'no data' then dimension_value end), 0
        ) as {{ adapter.quote('values') }},
        max(case when metric = 'series' and dimension_value <> 'no data' then counted end) as series_of_largest
    from named
    group by
        source_id,
        dimension,
        group_name

)

{{ unpivot_metrics(
    'grouped',
    'series',
    ['series', 'instances', 'size_bytes', 'collections', 'values', 'series_of_largest']
) }}
