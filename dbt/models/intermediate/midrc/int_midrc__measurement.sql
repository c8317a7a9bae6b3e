-- Grain: one laboratory measurement of the portal, in the shape of fct_measurement.

with cases as (

    {{ counted_links(ref('int_midrc__measurement_cases'), 'measurement_node_id', 'case_count', ['case_id', 'patient_natural_key']) }}

)

select
    measurements.*,
    {{ surrogate_key(['measurements.source_id', 'measurements.measurement_node_id']) }} as measurement_key,
    {{ surrogate_key(['measurements.source_id']) }} as source_key,
    {{ surrogate_key(['measurements.source_id', "'measurement'"]) }} as release_key,
    {{ portal_patient_key('measurements.source_id', 'cases.patient_natural_key') }} as patient_key,
    cases.case_id,
    coalesce(cases.case_count, 0) as case_count
from {{ ref('stg_midrc__measurement') }} as measurements
left join cases
    on measurements.measurement_node_id = cases.measurement_node_id
