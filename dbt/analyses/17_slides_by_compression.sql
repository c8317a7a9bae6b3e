-- How are the slides (SM) compressed, and under which licences are they?
-- Asked in https://github.com/openslide/openslide/pull/459 and https://github.com/openslide/openslide/issues/526.
-- One row is one list of transfer syntaxes and one licence of slides of IDC.
select
    series.transfer_syntax_name,
    licenses.license_short_name,
    count(*) as slides,
    count(distinct series.collection_id) as collections,
    cast(sum(series.size_bytes) / 1000000000 as decimal(12, 1)) as size_gb
from fct_series as series
join dim_license as licenses
    on series.license_key = licenses.license_key
where
    series.source_id = 'idc'
    and series.modality = 'SM'
group by
    series.transfer_syntax_name,
    licenses.license_short_name
order by
    slides desc,
    series.transfer_syntax_name,
    licenses.license_short_name
