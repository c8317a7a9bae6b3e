-- Grain: one case of one imaging study of the MIDRC portal. A case that the portal does not list has no key and keeps its id.

with links as (

    select * from {{ ref('stg_midrc__study_cases') }}

)

select
    {{ surrogate_key(['links.source_id', 'links.study_node_id', 'links.case_id']) }} as study_case_key,
    {{ surrogate_key(['links.source_id', 'links.study_natural_key']) }} as study_key,
    case
        when links.patient_natural_key is not null
            then {{ surrogate_key(['links.source_id', "''", 'links.patient_natural_key']) }}
    end as patient_key,
    links.case_node_id,
    links.case_id
from links
