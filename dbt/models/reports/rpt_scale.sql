-- Grain: one system or repository.

with clinical as (

    select
        source_id,
        {{ metric_value('tables') }} as clinical_table_count,
        {{ metric_value('collections') }} as clinical_collection_count
    from {{ ref('int_clinical_table_counts') }}
    where dimension = 'total'
    group by source_id

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
    clinical.clinical_table_count,
    clinical.clinical_collection_count
from {{ ref('dim_source') }} as sources
left join {{ ref('int_scale') }} as gathered
    on sources.source_key = gathered.source_key
left join clinical
    on sources.source_id = clinical.source_id
