-- Grain: one combination of source, sex, age group, race, ethnicity and whether the patients are persons.
--
-- Patients are rows of dim_patient, so that the counts add up over all of these.

with patients as (

    select
        source_key,
        source_id,
        sex,
        {{ dimension('age_group') }} as age_group,
        race,
        ethnicity,
        is_human
    from {{ ref('dim_patient') }}

)

select
    {{ surrogate_key(['source_id', 'sex', 'age_group', 'race', 'ethnicity', 'is_human']) }} as patient_group_key,
    source_key,
    source_id,
    sex,
    age_group,
    race,
    ethnicity,
    is_human,
    {{ metric('patients') }} as patient_count
from patients
group by
    source_key,
    source_id,
    sex,
    age_group,
    race,
    ethnicity,
    is_human
