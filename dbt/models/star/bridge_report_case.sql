-- Grain: one case of one radiology report. A case that the portal does not list has no key and keeps its ids.

with links as (

    select * from {{ ref('int_midrc__report_cases') }}

)

select
    {{ surrogate_key(['links.source_id', 'links.report_node_id', 'links.case_node_id', 'links.case_id']) }} as report_case_key,
    {{ surrogate_key(['links.source_id', 'links.report_node_id']) }} as report_key,
    {{ portal_patient_key('links.source_id', 'links.patient_natural_key') }} as patient_key,
    links.case_node_id,
    links.case_id
from links
