-- Grain: one system or repository of which anything is counted.

{{ config(materialized='view') }}

select
    source_key,
    source_id,
    {{ metric_value('collections', 'collection') }} as collection_count,
    {{ metric_value('patients', 'patient') }} as patient_count,
    {{ metric_value('collections', 'patient') }} as patient_collection_count,
    {{ metric_value('studies', 'study') }} as study_count,
    {{ metric_value('series', 'series') }} as series_count,
    {{ metric_value('instances', 'series') }} as instance_count,
    {{ metric_value('size_bytes', 'series') }} as series_size_bytes,
    {{ metric_value('modalities', 'series') }} as modality_count,
    {{ metric_value('body_parts', 'series') }} as body_part_count,
    {{ metric_value('licenses', 'series') }} as license_count,
    {{ metric_value('analysis_results', 'analysis_result') }} as analysis_result_count,
    {{ metric_value('files', 'file') }} as file_count,
    {{ metric_value('indexd_files', 'indexd_file') }} as indexd_file_count,
    {{ metric_value('size_bytes', 'indexd_file') }} as indexd_size_bytes,
    {{ metric_value('measurements', 'measurement') }} as measurement_count,
    {{ metric_value('annotations', 'annotation') }} as annotation_count,
    {{ metric_value('radiology_reports', 'radiology_report') }} as radiology_report_count
from {{ ref('int_record_counts') }}
where dimension = 'total'
group by
    source_key,
    source_id
