-- Which analysis results of IDC give both segmentations (SEG) and measurements (SR) of the same studies?
-- Asked in https://github.com/NA-MIC/ProjectWeek/issues/1474.
-- One row is one analysis result with both.
with studies as (

    select
        analysis_result_key,
        study_key,
        sum(case when modality = 'SEG' then 1 else 0 end) as seg_series,
        sum(case when modality = 'SR' then 1 else 0 end) as sr_series
    from fct_series
    where
        source_id = 'idc'
        and modality in ('SEG', 'SR')
        and analysis_result_key is not null
    group by
        analysis_result_key,
        study_key

)

select
    results.analysis_result_id,
    count(*) as studies,
    sum(studies.seg_series) as seg_series,
    sum(studies.sr_series) as sr_series
from studies
join dim_analysis_result as results
    on studies.analysis_result_key = results.analysis_result_key
where
    studies.seg_series > 0
    and studies.sr_series > 0
group by results.analysis_result_id
order by
    studies desc,
    results.analysis_result_id
limit 10
