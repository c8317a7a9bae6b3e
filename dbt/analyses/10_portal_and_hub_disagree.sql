-- On how many shared cases do the MIDRC portal and the hub disagree about the sex?
select
    portal.sex as sex_in_portal,
    hub.sex as sex_in_hub,
    count(*) as cases
from dim_patient as portal
join dim_patient as hub
    on portal.patient_id = hub.patient_id
where
    portal.source_id = 'midrc'
    and hub.repository_id = 'bih_midrc'
    and portal.sex <> hub.sex
group by
    portal.sex,
    hub.sex
order by
    cases desc,
    portal.sex,
    hub.sex
