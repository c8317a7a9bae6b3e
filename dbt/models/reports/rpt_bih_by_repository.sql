-- Grain: one repository that the BDF Imaging Hub federates.
--
-- Beside what the Hub has of it stands what the system that describes the same data has itself (IDC, MIDRC). A gap is what the
-- system has more than the Hub, in percent of the Hub's count.

select
    sources.source_key,
    sources.source_id,
    sources.commons_name,
    sources.source_name,
    sources.same_as as system_source_id,
    repositories.collection_count,
    repositories.patient_count,
    repositories.study_count,
    repositories.series_count,
    systems.patient_count as system_patient_count,
    systems.study_count as system_study_count,
    systems.series_count as system_series_count,
    systems.patient_count - repositories.patient_count as patient_gap,
    systems.study_count - repositories.study_count as study_gap,
    systems.series_count - repositories.series_count as series_gap,
    {{ percent_of('(systems.patient_count - repositories.patient_count)', 'repositories.patient_count') }}
        as patient_gap_percent,
    {{ percent_of('(systems.study_count - repositories.study_count)', 'repositories.study_count') }} as study_gap_percent,
    {{ percent_of('(systems.series_count - repositories.series_count)', 'repositories.series_count') }}
        as series_gap_percent
from {{ ref('dim_source') }} as sources
left join {{ ref('int_scale') }} as repositories
    on sources.source_key = repositories.source_key
left join {{ ref('int_scale') }} as systems
    on sources.same_as = systems.source_id
where sources.source_kind = 'repository'
