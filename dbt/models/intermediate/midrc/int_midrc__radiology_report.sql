-- Grain: one radiology report of the portal, in the shape of fct_radiology_report.

with cases as (

    {{ counted_links(ref('int_midrc__report_cases'), 'report_node_id', 'case_count', ['case_id', 'patient_natural_key']) }}

),

studies as (

    {{ counted_links(ref('int_midrc__report_studies'), 'report_node_id', 'study_count', ['study_instance_uid', 'study_natural_key']) }}

)

select
    reports.*,
    {{ surrogate_key(['reports.source_id', 'reports.report_node_id']) }} as report_key,
    {{ surrogate_key(['reports.source_id']) }} as source_key,
    {{ surrogate_key(['reports.source_id', "'radiology_report'"]) }} as release_key,
    {{ portal_patient_key('reports.source_id', 'cases.patient_natural_key') }} as patient_key,
    {{ reference_key(['reports.source_id', 'studies.study_natural_key']) }} as study_key,
    {{ reference_key(['reports.modality']) }} as modality_key,
    cases.case_id,
    studies.study_instance_uid,
    coalesce(cases.case_count, 0) as case_count,
    coalesce(studies.study_count, 0) as study_count,
    {{ sorted_list('reports.body_part_examined_values') }} as body_parts_examined
from {{ ref('stg_midrc__radiology_report') }} as reports
left join cases
    on reports.report_node_id = cases.report_node_id
left join studies
    on reports.report_node_id = studies.report_node_id
