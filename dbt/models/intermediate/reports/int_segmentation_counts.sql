-- Grain: one metric of IDC's segmentations that share one value of one attribute, counted over the index that describes them.

{% set segmentation_metrics = {
    'seg_series': 'count(*)',
    'source_series': 'count(distinct segmented_series_instance_uid)',
} %}

with segmentations as (

    select
        segmentations.source_id,
        'all' as total,
        coalesce(segmented_series.collection_id, 'no data') as collection,
        coalesce(segmentations.algorithm_name, 'no data') as algorithm,
        coalesce(cast(segmentations.total_segments as {{ dbt.type_string() }}), 'no data') as segments,
        segmentations.segmented_series_instance_uid
    from {{ ref('fct_segmentation') }} as segmentations
    left join {{ ref('fct_series') }} as segmented_series
        on segmentations.segmented_series_key = segmented_series.series_key

),

counted_segmentations as (

    {{ count_by_dimensions('segmentations', ['total', 'collection', 'algorithm'], segmentation_metrics) }}

),

-- Of segmentations that share a number of segments only the segmentations are counted.
counted_segments as (

    {{ count_by_dimensions('segmentations', ['segments'], {'seg_series': 'count(*)'}) }}

)

{{ unpivot_metrics('counted_segmentations', 'segmentation', segmentation_metrics) }}
union all
{{ unpivot_metrics('counted_segments', 'segmentation', ['seg_series']) }}
