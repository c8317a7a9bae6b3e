-- Grain: one imaging series of a repository that the BDF Imaging Hub federates, with its key and those of the records that it names.

select
    series.*,
    coalesce(repeated.node_id, series.series_instance_uid) as series_natural_key,
    coalesce(repeated_study.node_id, series.study_instance_uid) as study_natural_key,
    coalesce(repeated_subject.node_id, series.subject_id) as patient_natural_key,
    coalesce(repeated_dataset.node_id, series.collection_id) as collection_natural_key
from {{ ref('stg_bih__imaging_series') }} as series
{{ join_repeated_record('repeated', 'imaging_series', 'series.series_node_id') }}
{{ join_repeated_reference('repeated_study', 'imaging_study', 'series.study_instance_uid', 'series.project_id') }}
{{ join_repeated_reference('repeated_subject', 'subject', 'series.subject_id', 'series.project_id') }}
{{ join_repeated_reference('repeated_dataset', 'dataset', 'series.collection_id', 'series.project_id') }}
