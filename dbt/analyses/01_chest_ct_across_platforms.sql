-- How many patients have a CT of the chest, on which platform, and in how many studies and series?
select
    series.source_id,
    count(distinct series.patient_key) as patients,
    count(distinct series.study_key) as studies,
    count(*) as series,
    sum(series.instance_count) as instances
from fct_series as series
join dim_body_part as parts
    on series.body_part_key = parts.body_part_key
where
    series.modality = 'CT'
    and parts.body_region = 'chest'
group by series.source_id
order by series.source_id
