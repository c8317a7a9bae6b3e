-- Grain: one dataset of one case; an element that a list repeats is one row.

{{ list_elements(
    ref('stg_midrc__case'),
    keys=['source_id', 'case_node_id', 'case_id', 'patient_natural_key'],
    list='dataset_ids',
    element='collection_id',
) }}
