-- Grain: one collection of the segmented series, one algorithm or one number of segments, of IDC's segmentation series.
--
-- From seg_index where it is landed, otherwise what idc_index tells (is_proxy): then the collection is that of the segmentation.

with counts as (

    select
        source_key,
        source_id,
        dimension,
        dimension_value,
        is_proxy,
        {{ metric_value('seg_series') }} as segmentation_series_count,
        {{ metric_value('source_series') }} as segmented_series_count
    from {{ ref('rpt_counts') }}
    where
        entity = 'segmentation'
        and dimension <> 'total'
    group by
        source_key,
        source_id,
        dimension,
        dimension_value,
        is_proxy

),

described as (

    select distinct source_id
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
    counts.segmentation_series_count,
    counts.segmented_series_count
from counts
left join described
    on counts.source_id = described.source_id
where
    not counts.is_proxy
    or described.source_id is null
