-- Grain: one graphic type of IDC's annotation groups, one name or one method of MIDRC's annotations.
--
-- Graphic types from ann_group_index where it is landed, otherwise what idc_index tells (is_proxy).

with counts as (

    select
        source_key,
        source_id,
        dimension,
        dimension_value,
        is_proxy,
        {{ metric_value('groups') }} as group_count,
        {{ metric_value('annotations') }} as annotation_count
    from {{ ref('rpt_counts') }}
    where
        entity in ('annotation', 'annotation_group')
        and dimension <> 'total'
    group by
        source_key,
        source_id,
        dimension,
        dimension_value,
        is_proxy

),

described as (

    select distinct
        source_id,
        dimension
    from counts
    where not is_proxy

)

select
    {{ surrogate_key(['counts.source_id', 'counts.dimension', 'counts.dimension_value']) }} as report_row_key,
    counts.source_key,
    counts.source_id,
    counts.dimension,
    counts.dimension_value,
    counts.is_proxy,
    counts.group_count,
    counts.annotation_count
from counts
left join described
    on counts.source_id = described.source_id
    and counts.dimension = described.dimension
where
    not counts.is_proxy
    or described.source_id is null
