-- Grain: one subject that one imaging study of the BDF Imaging Hub names.
--
-- What the study tells of its subject stands here, too: subjects themselves tell neither sex nor age.

with links as (

    {{ list_elements(
        ref('stg_bih__imaging_study'),
        keys=[
            'source_id',
            'study_node_id',
            'study_instance_uid',
            'project_id',
            'sex_raw',
            'ethnicity_raw',
            'age_at_imaging_years',
        ],
        list='subject_ids',
        element='subject_id',
    ) }}

)

select
    links.source_id,
    links.study_node_id,
    coalesce(repeated.node_id, links.study_instance_uid) as study_natural_key,
    links.project_id,
    links.subject_id,
    coalesce(repeated_subject.node_id, links.subject_id) as patient_natural_key,
    links.sex_raw,
    links.ethnicity_raw,
    links.age_at_imaging_years
from links
{{ join_repeated_record('repeated', 'imaging_study', 'links.study_node_id') }}
{{ join_repeated_reference('repeated_subject', 'subject', 'links.subject_id', 'links.project_id') }}
