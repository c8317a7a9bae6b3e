-- Grain: one collection of one system: IDC, the MIDRC portal, or a repository that the BDF Imaging Hub federates.
--
-- The number of the system says on which side of a pair it stands.

select
    collection_key,
    collection_id,
    collection_name,
    project_id,
    collection_doi,
    coalesce(repository_id, source_id) as system_id,
    case source_id
        when 'idc' then 1
        when 'midrc' then 2
        else 3
    end as system_number
from {{ ref('dim_collection') }}
where collection_id is not null
