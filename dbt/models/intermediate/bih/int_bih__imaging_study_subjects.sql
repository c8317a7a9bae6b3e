-- Grain: one subject that one imaging study of the BDF Imaging Hub names.
--
-- What the study tells of its subject stands here, too: subjects themselves tell neither sex nor age.

with source as (

    select * from {{ source('bih', 'imaging_study') }}

),

elements as (

    select
        _imaging_study_id as study_node_id,
        {{ text_or_null('"StudyInstanceUID"') }} as natural_id,
        project_id,
        {{ text_or_null('"PatientSex"') }} as sex_raw,
        {{ text_or_null('"EthnicGroup"') }} as ethnicity_raw,
        try_cast(round("PatientAge", 3) as decimal(9, 3)) as age_at_imaging_years,
        unnest({{ distinct_values('subject_id') }}) as element
    from source

),

renamed as (

    select
        study_node_id,
        natural_id,
        project_id,
        sex_raw,
        ethnicity_raw,
        age_at_imaging_years,
        {{ text_or_null('element') }} as subject_id
    from elements

)

select
    'bih' as source_id,
    renamed.study_node_id,
    coalesce(own_key.node_id, renamed.natural_id) as study_natural_key,
    renamed.project_id,
    renamed.subject_id,
    coalesce(referred.node_id, renamed.subject_id) as patient_natural_key,
    renamed.sex_raw,
    renamed.ethnicity_raw,
    renamed.age_at_imaging_years
from renamed
left join {{ ref('int_bih__repeated_ids') }} as own_key
    on renamed.study_node_id = own_key.node_id
    and own_key.entity = 'imaging_study'
left join {{ ref('int_bih__repeated_ids') }} as referred
    on renamed.subject_id = referred.natural_id
    and renamed.project_id = referred.project_id
    and referred.entity = 'subject'
    and referred.is_referred_to
where renamed.subject_id is not null
