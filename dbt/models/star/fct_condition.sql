-- Grain: one condition of one case.
--
-- The portal keeps them inside the record of the case, without an id of their own: they are known by their position there.

with conditions as (

    select * from {{ ref('int_midrc__case_conditions') }}

)

select
    {{ surrogate_key(['conditions.source_id', 'conditions.case_node_id', 'conditions.record_number']) }} as condition_key,
    {{ surrogate_key(['conditions.source_id']) }} as source_key,
    {{ surrogate_key(['conditions.source_id', "'case'"]) }} as release_key,
    {{ portal_patient_key('conditions.source_id', 'conditions.patient_natural_key') }} as patient_key,
    conditions.source_id,
    conditions.case_node_id,
    conditions.case_id,
    conditions.record_number,
    conditions.condition_code,
    conditions.condition_code_system,
    conditions.condition_name,
    conditions.condition_name_raw,
    conditions.days_to_condition_start,
    conditions.days_to_condition_end
from conditions
