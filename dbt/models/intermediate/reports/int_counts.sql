-- Grain: one metric of the records of one kind that share one value of one dimension, as one system or repository describes them.
--
-- Every count of the reports, in one shape. Where an artifact that describes segmentations or annotations is not landed, there is
-- a count over idc_index instead (is_proxy).

{{ config(materialized='view') }}

{% set counts = {
    'int_series_counts': false,
    'int_series_collection_counts': false,
    'int_series_group_counts': false,
    'int_study_description_counts': false,
    'int_study_counts': false,
    'int_patient_counts': false,
    'int_portal_record_counts': false,
    'int_release_counts': false,
    'int_artifact_counts': false,
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
