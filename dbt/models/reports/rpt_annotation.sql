-- Grain: one graphic type of IDC's annotation groups, one name or one method of MIDRC's annotations.
--
-- Graphic types from ann_group_index where it is landed, otherwise what idc_index tells (is_proxy).

{% set counts = {
    'int_record_counts': false,
    'int_annotation_group_counts': false,
    'int_artifact_proxy_counts': true,
} %}

with counts as (

    {{ pivot_artifact_metrics(counts, ['annotation', 'annotation_group'], {
        'groups': 'group_count',
        'annotations': 'annotation_count',
    }) }}

)

select
    {{ surrogate_key(['source_id', 'dimension', 'dimension_value']) }} as report_row_key,
    source_key,
    source_id,
    dimension,
    dimension_value,
    is_proxy,
    group_count,
    annotation_count
from counts
