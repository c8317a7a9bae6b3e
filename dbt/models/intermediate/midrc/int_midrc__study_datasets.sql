-- Grain: one dataset of one imaging study; an element that a list repeats is one row.

{{ list_elements(
    ref('stg_midrc__imaging_study'),
    keys=['source_id', 'study_node_id', 'study_instance_uid', 'study_natural_key'],
    list='dataset_ids',
    element='collection_id',
) }}
