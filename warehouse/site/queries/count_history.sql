-- Grain: the records of one kind in one load of one system. A portal is dated by when it was fetched.

select
    source_id,
    entity,
    as_of,
    release_version,
    counted as records
from rpt_count_history
where
    dimension = 'total'
    and (
        (entity = 'collection' and metric = 'collections')
        or (entity = 'patient' and metric = 'patients')
        or (entity = 'study' and metric = 'studies')
        or (entity = 'series' and metric = 'series')
    )
order by
    source_id,
    entity,
    as_of,
    release_version
