-- Grain: one metric of the records of one kind that share one value of one dimension, as one system or repository describes them.
--
-- The counts of what every channel carries. Reports that need no others read these, so that what they are made of does not
-- name an artifact that may be absent and is no part of them.

{{ config(materialized='view') }}

{% set counts = [
    'int_series_counts',
    'int_series_collection_counts',
    'int_series_group_counts',
    'int_study_description_counts',
    'int_study_counts',
    'int_patient_counts',
    'int_portal_record_counts',
    'int_release_counts',
] %}

{% for model in counts %}
select
    {{ surrogate_key(['source_id']) }} as source_key,
    source_id,
    entity,
    dimension,
    dimension_value,
    metric,
    counted
from {{ ref(model) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
