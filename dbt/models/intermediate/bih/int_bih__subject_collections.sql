-- Grain: one dataset that one subject of the BDF Imaging Hub names.

with links as (

    {{ list_elements(
        ref('stg_bih__subject'),
        keys=['source_id', 'subject_node_id', 'subject_id', 'project_id'],
        list='collection_ids',
        element='collection_id',
    ) }}

)

select
    links.source_id,
    links.subject_node_id,
    coalesce(repeated.node_id, links.subject_id) as patient_natural_key,
    links.project_id,
    links.collection_id,
    coalesce(repeated_dataset.node_id, links.collection_id) as collection_natural_key
from links
{{ join_repeated_record('repeated', 'subject', 'links.subject_node_id') }}
{{ join_repeated_reference('repeated_dataset', 'dataset', 'links.collection_id', 'links.project_id') }}
