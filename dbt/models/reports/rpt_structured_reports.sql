-- Grain: one collection with structured reports (modality SR) of one system or repository.

select
    {{ surrogate_key(['source_id', 'dimension_value']) }} as report_row_key,
    source_key,
    source_id,
    dimension_value as collection_id,
    {{ metric_value('patients') }} as patient_count,
    {{ metric_value('series') }} as series_count,
    {{ metric_value('instances') }} as instance_count,
    {{ gigabytes(metric_value('size_bytes')) }} as size_gb
from {{ ref('rpt_counts') }}
where
    entity = 'series'
    and dimension = 'sr_collection'
group by
    source_key,
    source_id,
    dimension_value
