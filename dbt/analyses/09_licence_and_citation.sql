-- Which publications must be cited for the CT of two collections, and under which licences?
select
    series.collection_id,
    licenses.license_short_name,
    count(*) as series,
    replace(sources.citation, chr(10), ' ') as citation
from fct_series as series
join dim_license as licenses
    on series.license_key = licenses.license_key
left join bridge_collection_source as sources
    on series.collection_key = sources.collection_key
    and series.source_doi = sources.source_doi
where
    series.source_id = 'idc'
    and series.modality = 'CT'
    and series.collection_id in ('rider_lung_pet_ct', 'anti_pd_1_lung')
group by
    series.collection_id,
    licenses.license_short_name,
    sources.citation
order by
    series.collection_id,
    sources.citation
