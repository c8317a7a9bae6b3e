-- Which collections have gained or changed most series since IDC release 24?
select
    collection_id,
    sum(case when first_idc_version > 24 then 1 else 0 end) as new_series,
    sum(case when first_idc_version <= 24 then 1 else 0 end) as changed_series,
    cast(sum(size_bytes) / 1000000000 as decimal(12, 1)) as size_gb
from fct_series
where
    source_id = 'idc'
    and revised_idc_version > 24
group by collection_id
order by
    new_series desc,
    changed_series desc,
    collection_id
limit 10
