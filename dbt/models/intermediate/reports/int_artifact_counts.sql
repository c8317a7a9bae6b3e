-- Grain: one metric of IDC's segmentations, annotation groups or clinical tables that share one value of one attribute, counted
-- over the artifacts that describe them.

{% set segmentation_metrics = {
    'seg_series': 'count(*)',
    'source_series': 'count(distinct segmented_series_instance_uid)',
} %}
{% set annotation_metrics = {
    'groups': 'count(*)',
    'annotations': 'sum(number_of_annotations)',
} %}
{% set clinical_metrics = {
    'collections': 'count(distinct collection_id)',
    'tables': 'count(distinct short_table_name)',
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

annotation_groups as (

    select
        source_id,
        coalesce(graphic_type, 'no data') as graphic_type,
        number_of_annotations
    from {{ ref('fct_annotation_group') }}

),

clinical_columns as (

    select
        source_id,
        'all' as total,
        collection_id,
        short_table_name
    from {{ ref('fct_clinical_column') }}

),

counted_segmentations as (

    {{ count_by_dimensions('segmentations', ['total', 'collection', 'algorithm'], segmentation_metrics) }}

),

-- Of segmentations that share a number of segments only the segmentations are counted.
counted_segments as (

    {{ count_by_dimensions('segmentations', ['segments'], {'seg_series': 'count(*)'}) }}

),

counted_annotation_groups as (

    {{ count_by_dimensions('annotation_groups', ['graphic_type'], annotation_metrics) }}

),

counted_clinical_tables as (

    {{ count_by_dimensions('clinical_columns', ['total'], clinical_metrics) }}

)

{{ unpivot_metrics('counted_segmentations', 'segmentation', segmentation_metrics) }}
union all
{{ unpivot_metrics('counted_segments', 'segmentation', ['seg_series']) }}
union all
{{ unpivot_metrics('counted_annotation_groups', 'annotation_group', annotation_metrics) }}
union all
{{ unpivot_metrics('counted_clinical_tables', 'clinical_table', clinical_metrics) }}
