-- Grain: one patient of one IDC collection, in the shape of dim_patient.
--
-- IDC has no records of patients: what its series say of them is gathered here.

with series_values as (

    select
        source_id,
        collection_id,
        patient_id,
        patient_sex_raw as sex_raw,
        min(patient_age_years) as age_years_min,
        max(patient_age_years) as age_years_max
    from {{ ref('stg_idc__idc_index') }}
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

)

select
    {{ surrogate_key(['source_id', 'collection_id', 'patient_id']) }} as patient_key,
    {{ surrogate_key(["'idc'"]) }} as source_key,
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    source_id,
    collection_id,
    patient_id,
    {{ agreed_term('sex') }} as sex,
    {{ dbt.listagg('sex_raw', "', '", 'order by sex_raw') }} as sex_raw,
    min(age_years_min) as age_years,
    min(age_years_min) as age_years_min,
    max(age_years_max) as age_years_max,
    'not applicable' as race,
    'not applicable' as ethnicity,
    'not applicable' as covid19_status,
    true as is_described
from harmonised
group by
    source_id,
    collection_id,
    patient_id
