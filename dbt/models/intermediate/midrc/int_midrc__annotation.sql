-- Grain: one annotation record of the portal, in the shape of fct_annotation.

with cases as (

    {{ counted_links(ref('int_midrc__annotation_cases'), 'annotation_node_id', 'case_count', ['case_id', 'patient_natural_key']) }}

),

instances as (

    {{ counted_links(ref('int_midrc__annotation_instances'), 'annotation_node_id', 'instance_count', []) }}

)

select
    annotations.*,
    {{ surrogate_key(['annotations.source_id', 'annotations.annotation_node_id']) }} as annotation_key,
    {{ surrogate_key(['annotations.source_id']) }} as source_key,
    {{ surrogate_key(['annotations.source_id', "'annotation'"]) }} as release_key,
    {{ portal_patient_key('annotations.source_id', 'cases.patient_natural_key') }} as patient_key,
    cases.case_id,
    coalesce(cases.case_count, 0) as case_count,
    coalesce(instances.instance_count, 0) as instance_count,
    annotations.instance_uids is not null as names_instances
from {{ ref('stg_midrc__annotation') }} as annotations
left join cases
    on annotations.annotation_node_id = cases.annotation_node_id
left join instances
    on annotations.annotation_node_id = instances.annotation_node_id
