-- Grain: one laboratory measurement.

with measurements as (

    select * from {{ ref('stg_midrc__measurement') }}

),

cases as (

    select
        source_id,
        measurement_node_id,
        count(*) as case_count,
        case when count(*) = 1 then min(case_id) end as case_id,
        case when count(*) = 1 then min(patient_natural_key) end as patient_natural_key
    from {{ ref('int_midrc__measurement_cases') }}
    group by
        source_id,
        measurement_node_id

)

select
    {{ surrogate_key(['measurements.source_id', 'measurements.measurement_node_id']) }} as measurement_key,
    {{ surrogate_key(['measurements.source_id']) }} as source_key,
    {{ surrogate_key(['measurements.source_id', "'measurement'"]) }} as release_key,
    case
        when cases.patient_natural_key is not null
            then {{ surrogate_key(['cases.source_id', "''", 'cases.patient_natural_key']) }}
    end as patient_key,
    measurements.source_id,
    measurements.measurement_node_id,
    measurements.measurement_id,
    measurements.project_id,
    cases.case_id,
    coalesce(cases.case_count, 0) as case_count,
    measurements.days_from_index,
    measurements.test_name,
    measurements.test_method,
    measurements.test_result
from measurements
left join cases
    on measurements.measurement_node_id = cases.measurement_node_id
