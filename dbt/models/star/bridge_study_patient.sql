-- Grain: one patient of one study. Almost every study has one; the real IDC index holds one study with two.

with links as (

    select
        source_id,
        study_natural_key,
        coalesce(patient_natural_key, case_id) as patient_natural_key
    from {{ ref('int_midrc__study_cases') }}
    union all
    select
        source_id,
        study_natural_key,
        patient_natural_key
    from {{ ref('int_bih__imaging_study_subjects') }}

)

select distinct
    study_key,
    patient_key
from {{ ref('fct_series') }}
where
    source_id = 'idc'
    and study_key is not null
    and patient_key is not null
union all
select
    {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
    {{ portal_patient_key('source_id', 'patient_natural_key') }} as patient_key
from links
