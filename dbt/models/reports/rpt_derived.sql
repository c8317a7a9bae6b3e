-- Grain: one modality of derived objects (segmentations, structured reports, annotations, ...) of one system or repository.

select
    report_row_key,
    source_key,
    source_id,
    modality,
    modality_name,
    patient_count,
    series_count,
    series_percent,
    instance_count,
    size_gb
from {{ ref('rpt_modality') }}
where modality_kind = 'derived object'
