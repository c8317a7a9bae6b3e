-- Which collections have radiotherapy structures (RTSTRUCT) and the CT that they belong to, in the same study?
-- Asked in https://github.com/ImagingDataCommons/idc-index/issues/145 and https://github.com/OHIF/Viewers/issues/1782.
-- One row is one collection of IDC with an RTSTRUCT.
with studies as (

    select
        collection_id,
        study_key,
        sum(case when modality = 'RTSTRUCT' then 1 else 0 end) as rtstruct_series,
        sum(case when modality = 'CT' then 1 else 0 end) as ct_series
    from fct_series
    where
        source_id = 'idc'
        and modality in ('CT', 'RTSTRUCT')
    group by
        collection_id,
        study_key

)

select
    collection_id,
    sum(rtstruct_series) as rtstructs,
    sum(case when ct_series = 1 then rtstruct_series else 0 end) as with_one_ct_in_the_study,
    sum(case when ct_series > 1 then rtstruct_series else 0 end) as with_several,
    sum(case when ct_series = 0 then rtstruct_series else 0 end) as with_none
from studies
group by collection_id
having sum(rtstruct_series) > 0
order by
    rtstructs desc,
    collection_id
limit 10
