-- Who is in the platforms: the sex of patients, in one vocabulary?
select
    sex,
    sum(case when source_id = 'idc' then 1 else 0 end) as idc,
    sum(case when source_id = 'midrc' then 1 else 0 end) as midrc,
    sum(case when source_id = 'bih' then 1 else 0 end) as bih
from dim_patient
group by sex
order by
    idc desc,
    sex
