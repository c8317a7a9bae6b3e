-- Grain: one patient as one side describes it.
--
-- A MIDRC case is the Hub's subject of the same submitter id in the repository MIDRC; a patient of IDC is known by collection and
-- PatientID, in IDC itself, in the Hub's copy of it and in TCIA's. Subjects of the other repositories and records without an
-- identifier stand alone. Only reported values are compared, ages in whole years.

with patients as (

    select
        patient_key,
        source_id,
        repository_id,
        {{ crosswalk_side('source_id', 'repository_id') }} as side,
        {{ snake_case_id('collection_id') }} as collection_id,
        patient_id,
        {{ reported_value('sex') }} as sex,
        {{ reported_value('race') }} as race,
        {{ reported_value('ethnicity') }} as ethnicity,
        cast(floor(age_years) as {{ dbt.type_bigint() }}) as age_years
    from {{ ref('dim_patient') }}
    where is_described

)

select
    case
        when patient_id is null then source_id || ':' || cast(patient_key as {{ dbt.type_string() }})
        when side in ('midrc', 'bih_midrc') then 'midrc:' || patient_id
        when side in ('idc', 'bih_idc', 'bih_tcia') then 'idc:' || coalesce(collection_id, '') || '/' || patient_id
        else coalesce(repository_id, source_id) || ':' || coalesce(collection_id, '') || '/' || patient_id
    end as natural_id,
    side,
    patient_key as row_key,
    sex,
    race,
    ethnicity,
    age_years
from patients
