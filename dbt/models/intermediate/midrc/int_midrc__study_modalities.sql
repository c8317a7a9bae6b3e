-- Grain: one modality that one imaging study of the portal states.

{{ list_elements(
    ref('stg_midrc__imaging_study'),
    keys=['source_id', 'study_node_id', 'study_natural_key'],
    list='study_modality',
    element='modality',
) }}
