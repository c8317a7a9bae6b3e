-- Grain: one procedure of one case.
--
-- The portal keeps them inside the record of the case, without an id of their own: they are known by their position there.

with procedures as (

    select * from {{ ref('int_midrc__case_procedures') }}

)

select
    {{ surrogate_key(['procedures.source_id', 'procedures.case_node_id', 'procedures.record_number']) }} as procedure_key,
    {{ surrogate_key(['procedures.source_id']) }} as source_key,
    {{ surrogate_key(['procedures.source_id', "'case'"]) }} as release_key,
    {{ portal_patient_key('procedures.source_id', 'procedures.patient_natural_key') }} as patient_key,
    procedures.source_id,
    procedures.case_node_id,
    procedures.case_id,
    procedures.record_number,
    procedures.procedure_name,
    procedures.procedure_name_raw,
    procedures.breathing_support_type,
    procedures.days_to_procedure_start,
    procedures.days_to_procedure_end
from procedures
