-- Grain: one imaging study of a repository that the BDF Imaging Hub federates, with its key and those of the records that it names.

select
    studies.*,
    coalesce(repeated.node_id, studies.study_instance_uid) as study_natural_key,
    coalesce(repeated_subject.node_id, studies.subject_id) as patient_natural_key,
    coalesce(repeated_dataset.node_id, studies.collection_id) as collection_natural_key
from {{ ref('stg_bih__imaging_study') }} as studies
{{ join_repeated_record('repeated', 'imaging_study', 'studies.study_node_id') }}
{{ join_repeated_reference('repeated_subject', 'subject', 'studies.subject_id', 'studies.project_id') }}
{{ join_repeated_reference('repeated_dataset', 'dataset', 'studies.collection_id', 'studies.project_id') }}
