-- Grain: one data release of IDC. Series, studies and patients belong to one collection each, so that collections add up.

select
    source_id,
    idc_version,
    released_on,
    sum(series_count)::bigint as series,
    sum(study_count)::bigint as studies,
    sum(patient_count)::bigint as patients,
    sum(size_bytes)::bigint as bytes
from rpt_growth
group by
    source_id,
    idc_version,
    released_on
order by
    source_id,
    idc_version
