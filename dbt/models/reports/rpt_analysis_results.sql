-- Grain: one analysis result of IDC that series name.

with counts as (

    select
        source_key,
        source_id,
        dimension_value as analysis_result_id,
        {{ metric_value('patients') }} as patient_count,
        {{ metric_value('collections') }} as collection_count,
        {{ metric_value('series') }} as series_count,
        {{ metric_value('instances') }} as instance_count,
        {{ metric_value('size_bytes') }} as size_bytes
    from {{ ref('rpt_counts') }}
    where
        entity = 'series'
        and dimension = 'analysis_result'
    group by
        source_key,
        source_id,
        dimension_value

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
