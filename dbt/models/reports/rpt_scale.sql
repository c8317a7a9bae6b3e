-- Grain: one system or repository.

with counts as (

    select *
    from {{ ref('rpt_counts') }}
    where
        dimension = 'total'
        and not is_proxy

),

gathered as (

    select
        source_key,
        max(case when entity = 'collection' and metric = 'collections' then counted end) as collection_count,
        max(case when entity = 'patient' and metric = 'patients' then counted end) as patient_count,
        max(case when entity = 'patient' and metric = 'collections' then counted end) as patient_collection_count,
        max(case when entity = 'study' and metric = 'studies' then counted end) as study_count,
        max(case when entity = 'series' and metric = 'series' then counted end) as series_count,
        max(case when entity = 'series' and metric = 'instances' then counted end) as instance_count,
        max(case when entity = 'series' and metric = 'size_bytes' then counted end) as series_size_bytes,
        max(case when entity = 'series' and metric = 'modalities' then counted end) as modality_count,
        max(case when entity = 'series' and metric = 'body_parts' then counted end) as body_part_count,
        max(case when entity = 'series' and metric = 'licenses' then counted end) as license_count,
        max(case when entity = 'analysis_result' and metric = 'analysis_results' then counted end) as analysis_result_count,
        max(case when entity = 'file' and metric = 'files' then counted end) as file_count,
        max(case when entity = 'indexd_file' and metric = 'indexd_files' then counted end) as indexd_file_count,
        max(case when entity = 'indexd_file' and metric = 'size_bytes' then counted end) as indexd_size_bytes,
        max(case when entity = 'measurement' and metric = 'measurements' then counted end) as measurement_count,
        max(case when entity = 'annotation' and metric = 'annotations' then counted end) as annotation_count,
        max(case when entity = 'radiology_report' and metric = 'radiology_reports' then counted end) as radiology_report_count,
        max(case when entity = 'clinical_table' and metric = 'tables' then counted end) as clinical_table_count,
        max(case when entity = 'clinical_table' and metric = 'collections' then counted end) as clinical_collection_count
    from counts
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
