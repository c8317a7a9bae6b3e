-- Grain: one modality of the series of one system or repository.

with counts as (

    {{ pivot_metrics(['series', 'study'], 'modality', 'modality', {
        'patients': 'patient_count',
        'studies': 'study_count',
        'series': 'series_count',
        'instances': 'instance_count',
        'size_bytes': 'size_bytes',
    }) }}

),

stated as (

    {{ pivot_metrics(['study'], 'study_modality', 'modality', {'studies': 'stated_study_count'}) }}

),

modalities as (

    select
        source_key,
        source_id,
        modality
    from counts
    union
    select
        source_key,
        source_id,
        modality
    from stated

)

select
    {{ surrogate_key(['modalities.source_id', 'modalities.modality']) }} as report_row_key,
    modalities.source_key,
    modalities.source_id,
    modalities.modality,
    terms.modality_name,
    terms.modality_kind,
    counts.patient_count,
    counts.study_count,
    stated.stated_study_count,
    counts.series_count,
    {{ percent_of('counts.series_count', 'totals.series_count') }} as series_percent,
    counts.instance_count,
    {{ gigabytes('counts.size_bytes') }} as size_gb
from modalities
left join counts
    on modalities.source_key = counts.source_key
    and modalities.modality = counts.modality
left join stated
    on modalities.source_key = stated.source_key
    and modalities.modality = stated.modality
left join {{ ref('int_scale') }} as totals
    on modalities.source_key = totals.source_key
left join {{ ref('dim_modality') }} as terms
    on modalities.modality = terms.modality
