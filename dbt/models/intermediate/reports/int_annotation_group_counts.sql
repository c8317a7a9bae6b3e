-- Grain: one metric of IDC's annotation groups that share one graphic type, counted over the index that describes them.

{% set annotation_metrics = {
    'groups': 'count(*)',
    'annotations': 'sum(number_of_annotations)',
} %}

with annotation_groups as (

    select
        source_id,
        coalesce(graphic_type, 'no data') as graphic_type,
        number_of_annotations
    from {{ ref('fct_annotation_group') }}

),

counted_annotation_groups as (

    {{ count_by_dimensions('annotation_groups', ['graphic_type'], annotation_metrics) }}

)

{{ unpivot_metrics('counted_annotation_groups', 'annotation_group', annotation_metrics) }}
