-- Grain: one modality of the series of one system or repository.

with counts as (

    select
        source_key,
        source_id,
        dimension_value as modality,
        {{ metric_value('patients') }} as patient_count,
        {{ metric_value('studies') }} as study_count,
        {{ metric_value('series') }} as series_count,
        {{ metric_value('instances') }} as instance_count,
        {{ metric_value('size_bytes') }} as size_bytes
    from {{ ref('rpt_counts') }}
    where
        entity in ('series', 'study')
        and dimension = 'modality'
    group by
        source_key,
        source_id,
        dimension_value

),

totals as (

    select
        source_key,
        counted as series_count
    from {{ ref('rpt_counts') }}
    where
        entity = 'series'
        and dimension = 'total'
        and metric = 'series'

),

stated as (

    select
        source_key,
        dimension_value as modality,
        counted as stated_study_count
    from {{ ref('rpt_counts') }}
    where
        entity = 'study'
        and dimension = 'study_modality'

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
        dimension_value as modality
    from {{ ref('rpt_counts') }}
    where
        entity = 'study'
        and dimension = 'study_modality'

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
left join totals
    on modalities.source_key = totals.source_key
left join {{ ref('dim_modality') }} as terms
    on modalities.modality = terms.modality
