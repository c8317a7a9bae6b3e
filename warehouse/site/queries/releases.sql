-- Grain: one collection of IDC in one data release, or all collections (null) of it.

select
    source_id,
    collection_id,
    idc_version,
    sum(series_count)::bigint as series,
    sum(study_count)::bigint as studies,
    sum(patient_count)::bigint as patients,
    sum(size_bytes)::bigint as bytes
from rpt_growth
group by grouping sets (
    (source_id, idc_version),
    (source_id, idc_version, collection_id)
)
order by
    source_id,
    idc_version desc,
    collection_id nulls first
