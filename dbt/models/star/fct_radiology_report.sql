-- Grain: one radiology report.

with reports as (

    select * from {{ ref('stg_midrc__radiology_report') }}

),

cases as (

    select
        source_id,
        report_node_id,
        count(*) as case_count,
        case when count(*) = 1 then min(case_id) end as case_id,
        case when count(*) = 1 then min(patient_natural_key) end as patient_natural_key
    from {{ ref('int_midrc__report_cases') }}
    group by
        source_id,
        report_node_id

),

studies as (

    select
        source_id,
        report_node_id,
        count(*) as study_count,
        case when count(*) = 1 then min(study_instance_uid) end as study_instance_uid,
        case when count(*) = 1 then min(study_natural_key) end as study_natural_key
    from {{ ref('int_midrc__report_studies') }}
    group by
        source_id,
        report_node_id

)

select
    {{ surrogate_key(['reports.source_id', 'reports.report_node_id']) }} as report_key,
    {{ surrogate_key(['reports.source_id']) }} as source_key,
    {{ surrogate_key(['reports.source_id', "'radiology_report'"]) }} as release_key,
    case
        when cases.patient_natural_key is not null
            then {{ surrogate_key(['cases.source_id', "''", 'cases.patient_natural_key']) }}
    end as patient_key,
    case
        when studies.study_natural_key is not null
            then {{ surrogate_key(['studies.source_id', 'studies.study_natural_key']) }}
    end as study_key,
    case
        when reports.modality is not null then {{ surrogate_key(['reports.modality']) }}
    end as modality_key,
    reports.source_id,
    reports.report_node_id,
    reports.report_id,
    reports.object_id,
    reports.project_id,
    cases.case_id,
    studies.study_instance_uid,
    coalesce(cases.case_count, 0) as case_count,
    coalesce(studies.study_count, 0) as study_count,
    reports.modality,
    {{ dicom_values('reports.body_part_examined') }} as body_part_examined,
    reports.study_description,
    reports.study_description_raw,
    reports.report_generation_method,
    reports.report_modification_method,
    reports.data_type,
    reports.file_name,
    reports.size_bytes,
    reports.size_raw
from reports
left join cases
    on reports.report_node_id = cases.report_node_id
left join studies
    on reports.report_node_id = studies.report_node_id
