-- How have IDC, the portal and the hub grown from load to load?
select
    as_of,
    source_id,
    entity,
    counted
from rpt_count_history
where
    dimension = 'total'
    and (entity, metric) in (('patient', 'patients'), ('study', 'studies'), ('series', 'series'))
order by
    source_id,
    entity,
    as_of
