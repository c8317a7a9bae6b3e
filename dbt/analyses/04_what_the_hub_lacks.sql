-- Which datasets of the MIDRC portal does the hub lack, wholly or in part?
select
    collections.collection_id,
    count(*) as cases,
    count(hub.patient_id) as cases_in_hub,
    count(*) - count(hub.patient_id) as missing_cases
from dim_patient as cases
join bridge_patient_collection as links
    on cases.patient_key = links.patient_key
join dim_collection as collections
    on links.collection_key = collections.collection_key
left join dim_patient as hub
    on hub.repository_id = 'bih_midrc'
    and cases.patient_id = hub.patient_id
where cases.source_id = 'midrc'
group by collections.collection_id
having count(*) > count(hub.patient_id)
order by
    missing_cases desc,
    collections.collection_id
limit 10
