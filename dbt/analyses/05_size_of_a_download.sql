-- How big is the download of all MR of the breast that may be used commercially, collection by collection?
select
    series.collection_id,
    count(distinct series.patient_key) as patients,
    count(*) as series,
    sum(series.instance_count) as files,
    cast(sum(series.size_bytes) / 1000000000 as decimal(12, 1)) as size_gb
from fct_series as series
join dim_body_part as parts
    on series.body_part_key = parts.body_part_key
join dim_license as licenses
    on series.license_key = licenses.license_key
where
    series.source_id = 'idc'
    and series.modality = 'MR'
    and parts.body_part_id = 'BREAST'
    and licenses.commercial_use_allowed
group by series.collection_id
order by
    size_gb desc,
    series.collection_id
