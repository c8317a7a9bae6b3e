-- Which collections have patients with a follow-up CT within a year of the CT before it?
-- Asked in https://github.com/bhklab/med-imagetools/issues/173.
-- One row is one collection of IDC with such patients.
with ct_studies as (

    select
        series.collection_key,
        series.patient_key,
        series.study_key,
        min(studies.study_date) as study_date
    from fct_series as series
    join fct_study as studies
        on series.study_key = studies.study_key
    where
        series.source_id = 'idc'
        and series.modality = 'CT'
    group by
        series.collection_key,
        series.patient_key,
        series.study_key

),

intervals as (

    select
        collection_key,
        patient_key,
        study_date - lag(study_date) over (partition by patient_key order by study_date, study_key) as days
    from ct_studies
    where study_date is not null

)

select
    collections.collection_id,
    count(distinct intervals.patient_key) as patients,
    count(*) as follow_ups,
    min(intervals.days) as shortest_days,
    max(intervals.days) as longest_days
from intervals
join dim_collection as collections
    on intervals.collection_key = collections.collection_key
where intervals.days between 1 and 366
group by collections.collection_id
order by
    patients desc,
    collections.collection_id
limit 10
