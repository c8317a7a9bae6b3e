-- Grain: one collection with structured reports (modality SR) of one system or repository.

with counts as (

    {{ pivot_metrics(['series'], 'sr_collection', 'collection_id', {
        'patients': 'patient_count',
        'series': 'series_count',
        'instances': 'instance_count',
        'size_bytes': 'size_bytes',
    }) }}

)

select
    {{ surrogate_key(['source_id', 'collection_id']) }} as report_row_key,
    source_key,
    source_id,
    collection_id,
    patient_count,
    series_count,
    instance_count,
    {{ gigabytes('size_bytes') }} as size_gb
from counts
