-- Which COVID-positive cases have a CT study and a radiology report?
with ct as (

    select
        patients.patient_key,
        count(distinct patients.study_key) as ct_studies
    from bridge_study_patient as patients
    join bridge_study_modality as modalities
        on patients.study_key = modalities.study_key
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
