-- Grain: one annotation of one data file; an element that a list repeats is one row.

{{ list_elements(
    ref('stg_midrc__data_file'),
    keys=['source_id', 'file_node_id'],
    list='annotation_node_ids',
    element='annotation_node_id',
) }}
