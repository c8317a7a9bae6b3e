-- Grain: one dataset that one imaging study of the BDF Imaging Hub names.

with links as (

    {{ list_elements(
        ref('stg_bih__imaging_study'),
        keys=['source_id', 'study_node_id', 'study_instance_uid', 'project_id'],
        list='collection_ids',
        element='collection_id',
    ) }}

)

select
    links.source_id,
    links.study_node_id,
    coalesce(repeated.node_id, links.study_instance_uid) as study_natural_key,
    links.project_id,
    links.collection_id,
    coalesce(repeated_dataset.node_id, links.collection_id) as collection_natural_key
from links
{{ join_repeated_record('repeated', 'imaging_study', 'links.study_node_id') }}
{{ join_repeated_reference('repeated_dataset', 'dataset', 'links.collection_id', 'links.project_id') }}
