-- Grain: one analysis result of IDC that series name.

with counts as (

    {{ pivot_metrics(['series'], 'analysis_result', 'analysis_result_id', {
        'patients': 'patient_count',
        'collections': 'collection_count',
        'series': 'series_count',
        'instances': 'instance_count',
        'size_bytes': 'size_bytes',
    }) }}

)

select
    {{ surrogate_key(['counts.source_id', 'counts.analysis_result_id']) }} as analysis_result_key,
    counts.source_key,
    counts.source_id,
    counts.analysis_result_id,
    results.analysis_result_title,
    counts.patient_count,
    counts.collection_count,
    counts.series_count,
    counts.instance_count,
    {{ gigabytes('counts.size_bytes') }} as size_gb
from counts
left join {{ ref('dim_analysis_result') }} as results
    on counts.source_id = results.source_id
    and counts.analysis_result_id = results.analysis_result_id
