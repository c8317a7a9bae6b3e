-- What does each repository that the BDF Imaging Hub federates list: patients, studies, and series of which kind?
-- Asked in https://github.com/RSNA/AI-Deep-Learning-Lab-2024/pull/5.
-- One row is one repository.
select
    repositories.source_name as repository,
    count(distinct series.collection_key) as collections,
    count(distinct series.patient_key) as patients,
    count(distinct series.study_key) as studies,
    count(*) as series,
    sum(case when series.modality = 'CT' then 1 else 0 end) as ct,
    sum(case when series.modality = 'MR' then 1 else 0 end) as mr,
    sum(case when series.modality in ('CR', 'DX') then 1 else 0 end) as radiographs
from fct_series as series
join dim_source as repositories
    on series.repository_key = repositories.source_key
where series.source_id = 'bih'
group by repositories.source_name
order by
    series desc,
    repository
