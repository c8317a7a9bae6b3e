-- Grain: one collection of the segmented series, one algorithm or one number of segments, of IDC's segmentation series.
--
-- From seg_index where it is landed, otherwise what idc_index tells (is_proxy): then the collection is that of the segmentation.

{% set counts = {
    'int_segmentation_counts': false,
    'int_artifact_proxy_counts': true,
} %}

with counts as (

    {{ pivot_artifact_metrics(counts, ['segmentation'], {
        'seg_series': 'segmentation_series_count',
        'source_series': 'segmented_series_count',
    }) }}

)

select
    {{ surrogate_key(['source_id', 'dimension', 'dimension_value']) }} as report_row_key,
    source_key,
    source_id,
    dimension,
    dimension_value,
    is_proxy,
    segmentation_series_count,
    segmented_series_count
from counts
