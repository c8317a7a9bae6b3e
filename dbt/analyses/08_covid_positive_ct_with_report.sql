-- Which COVID-positive cases have a CT study near a positive test, and a radiology report?
with near_positive as (

    select
        study_key,
        min(abs(days_from_study)) as days_apart
    from bridge_study_covid_test
    where
        result = 'positive'
        and is_stated
        and days_from_study between -14 and 14
    group by study_key

),

ct as (

    select
        patients.patient_key,
        count(distinct patients.study_key) as ct_studies,
        min(near_positive.days_apart) as days_apart
    from bridge_study_patient as patients
    join bridge_study_modality as modalities
        on patients.study_key = modalities.study_key
    join near_positive
        on patients.study_key = near_positive.study_key
    where modalities.modality = 'CT'
    group by patients.patient_key

),

reports as (

    select
        patient_key,
        count(*) as reports
    from bridge_report_case
    group by patient_key

)

select
    cases.patient_id as case_id,
    cases.sex,
    cases.age_years,
    ct.ct_studies,
    ct.days_apart,
    reports.reports
from dim_patient as cases
join ct
    on cases.patient_key = ct.patient_key
join reports
    on cases.patient_key = reports.patient_key
where
    cases.source_id = 'midrc'
    and cases.covid19_status = 'positive'
order by
    reports.reports desc,
    ct.ct_studies desc,
    cases.patient_id
limit 10
