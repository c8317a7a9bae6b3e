-- Grain: one system or repository.

with gathered as (

    select
        source_key,
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
        {{ metric_value('radiology_reports', 'radiology_report') }} as radiology_report_count,
        {{ metric_value('tables', 'clinical_table') }} as clinical_table_count,
        {{ metric_value('collections', 'clinical_table') }} as clinical_collection_count
    from {{ ref('rpt_counts') }}
    where
        dimension = 'total'
        and not is_proxy
    group by source_key

)

select
    sources.source_key,
    sources.source_id,
    sources.source_name,
    sources.source_kind,
    gathered.collection_count,
    gathered.patient_collection_count,
    gathered.patient_count,
    gathered.study_count,
    gathered.series_count,
    gathered.instance_count,
    {{ gigabytes('gathered.series_size_bytes') }} as series_size_gb,
    gathered.modality_count,
    gathered.body_part_count,
    gathered.license_count,
    gathered.analysis_result_count,
    gathered.file_count,
    gathered.indexd_file_count,
    {{ gigabytes('gathered.indexd_size_bytes') }} as indexd_size_gb,
    gathered.measurement_count,
    gathered.annotation_count,
    gathered.radiology_report_count,
    gathered.clinical_table_count,
    gathered.clinical_collection_count
from {{ ref('dim_source') }} as sources
left join gathered
    on sources.source_key = gathered.source_key
