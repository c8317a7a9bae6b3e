-- Grain: one metric of the records of one kind that share one value of one dimension, as one system or repository describes them.
--
-- Every count of the reports, in one shape. Where an artifact that describes segmentations or annotations is not landed, there is
-- a count over idc_index instead (is_proxy).

{{ config(materialized='view') }}

{% set counts = {
    'int_record_counts': false,
    'int_segmentation_counts': false,
    'int_annotation_group_counts': false,
    'int_clinical_table_counts': false,
    'int_artifact_proxy_counts': true,
} %}

{% for model, is_proxy in counts.items() %}
select
    source_id,
    entity,
    dimension,
    dimension_value,
    metric,
    counted,
    {{ is_proxy | lower }} as is_proxy
from {{ ref(model) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
