-- Grain: one subject of a repository that the BDF Imaging Hub federates, with its key and those of the records that it names.

select
    subjects.*,
    coalesce(repeated.node_id, subjects.subject_id) as patient_natural_key,
    coalesce(repeated_dataset.node_id, subjects.collection_id) as collection_natural_key
from {{ ref('stg_bih__subject') }} as subjects
{{ join_repeated_record('repeated', 'subject', 'subjects.subject_node_id') }}
{{ join_repeated_reference('repeated_dataset', 'dataset', 'subjects.collection_id', 'subjects.project_id') }}
