-- How much of each platform may be used commercially, and under which licence?
select
    series.source_id,
    licenses.license_short_name,
    licenses.commercial_use_allowed,
    count(distinct series.collection_key) as collections,
    count(distinct series.patient_key) as patients,
    count(*) as series
from fct_series as series
left join dim_license as licenses
    on series.license_key = licenses.license_key
group by
    series.source_id,
    licenses.license_short_name,
    licenses.commercial_use_allowed
order by
    series.source_id,
    licenses.commercial_use_allowed desc nulls last,
    licenses.license_short_name
