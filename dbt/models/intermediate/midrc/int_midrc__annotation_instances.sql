-- Grain: one annotated instance of one annotation; an element that a list repeats is one row.

{{ list_elements(
    ref('stg_midrc__annotation'),
    keys=['source_id', 'annotation_node_id'],
    list='instance_uids',
    element='instance_uid',
) }}
