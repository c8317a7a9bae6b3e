-- Grain: one case of one radiology report.
--
-- A case that the portal's index lacks stays, without a node id and a key.

with elements as (

    select
        source_id,
        report_node_id,
        unnest(list_distinct(case_ids)) as element
    from {{ ref('stg_midrc__radiology_report') }}

),

named as (

    select distinct
        source_id,
        report_node_id,
        {{ text_or_null('element') }} as case_id
    from elements
    where {{ text_or_null('element') }} is not null

),

cases as (

    select
        case_node_id,
        case_id,
        patient_natural_key
    from {{ ref('stg_midrc__case') }}
    where patient_natural_key = case_id

)

select
    named.source_id,
    named.report_node_id,
    cases.case_node_id,
    named.case_id,
    cases.patient_natural_key
from named
left join cases
    on named.case_id = cases.case_id
