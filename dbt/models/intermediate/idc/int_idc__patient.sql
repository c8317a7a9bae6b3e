-- Grain: one patient of one IDC collection, in the shape of dim_patient.
--
-- IDC has no records of patients: what its series say of them is gathered here. Whether they are people, their collection tells.

with series_values as (

    select
        source_id,
        collection_id,
        patient_id,
        patient_sex_raw as sex_raw,
        min(patient_age_years) as age_years_min,
        max(patient_age_years) as age_years_max,
        {{ dbt.bool_or('age_is_placeholder') }} as has_placeholder_age
    from {{ ref('int_idc__series_aged') }}
    where
        collection_id is not null
        and patient_id is not null
    group by
        source_id,
        collection_id,
        patient_id,
        patient_sex_raw

),

harmonised as (

    select
        series_values.*,
        {{ harmonised_term('sex', 'series_values', when_null='null') }} as sex
    from series_values
    {{ join_terms('sex', 'series_values') }}

),

patients as (

    select
        source_id,
        collection_id,
        patient_id,
        {{ prevailing_sex() }} as sex,
        {{ sex_values_yielded() }} as sex_values_yielded,
        {{ sorted_values('sex_raw') }} as sexes_raw,
        min(age_years_min) as age_years_min,
        max(age_years_max) as age_years_max,
        {{ dbt.bool_or('has_placeholder_age') }} as has_placeholder_age
    from harmonised
    group by
        source_id,
        collection_id,
        patient_id

)

select
    {{ surrogate_key(['patients.source_id', 'patients.collection_id', 'patients.patient_id']) }} as patient_key,
    {{ surrogate_key(["'idc'"]) }} as source_key,
    {{ surrogate_key(['patients.source_id', 'patients.collection_id']) }} as collection_key,
    patients.*,
    patients.age_years_min as age_years,
    {{ ages_conflict('patients.age_years_min', 'patients.age_years_max') }} as ages_conflict,
    collections.species,
    collections.is_human,
    collections.is_phantom,
    'not applicable' as race,
    'not applicable' as ethnicity,
    'not applicable' as covid19_status,
    true as is_described
from patients
left join {{ ref('int_idc__collection') }} as collections
    on patients.collection_id = collections.collection_id
