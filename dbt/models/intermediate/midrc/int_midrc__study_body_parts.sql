-- Grain: one body part that one imaging study of the portal states.

{{ list_elements(
    ref('stg_midrc__imaging_study'),
    keys=['source_id', 'study_node_id', 'study_natural_key'],
    list='body_part_examined_values',
    element='body_part_examined',
) }}
