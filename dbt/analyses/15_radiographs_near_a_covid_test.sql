-- How many radiographs of MIDRC lie within two weeks of a positive COVID-19 test, and how many of a negative one?
-- Asked in https://github.com/MIDRC/COVID19_Challenges/tree/main/Challenge_2022_COVIDx.
-- One row is one result of tests near a radiograph, and one sex of the case.
with near as (

    select
        study_key,
        max(case when result = 'positive' then 1 else 0 end) as has_positive,
        max(case when result = 'negative' then 1 else 0 end) as has_negative
    from bridge_study_covid_test
    where
        is_stated
        and days_from_study between -14 and 14
    group by study_key

),

radiographs as (

    select distinct study_key
    from bridge_study_modality
    where modality in ('CR', 'DX')

)

select
    case
        when near.has_positive = 1 and near.has_negative = 1 then 'both'
        when near.has_positive = 1 then 'positive'
        else 'negative'
    end as tests,
    patients.sex,
    count(distinct radiographs.study_key) as studies,
    count(distinct patients.patient_key) as cases
from radiographs
join near
    on radiographs.study_key = near.study_key
join bridge_study_patient as links
    on radiographs.study_key = links.study_key
join dim_patient as patients
    on links.patient_key = patients.patient_key
where patients.source_id = 'midrc'
group by
    tests,
    patients.sex
order by
    tests,
    patients.sex
