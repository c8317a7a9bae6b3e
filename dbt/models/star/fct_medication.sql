-- Grain: one medication of one case.
--
-- The portal keeps them inside the record of the case, without an id of their own: they are known by their position there.

with medications as (

    select * from {{ ref('int_midrc__case_medications') }}

)

select
    {{ surrogate_key(['medications.source_id', 'medications.case_node_id', 'medications.record_number']) }} as medication_key,
    {{ surrogate_key(['medications.source_id']) }} as source_key,
    {{ surrogate_key(['medications.source_id', "'case'"]) }} as release_key,
    {{ portal_patient_key('medications.source_id', 'medications.patient_natural_key') }} as patient_key,
    medications.source_id,
    medications.case_node_id,
    medications.case_id,
    medications.record_number,
    medications.medication_code,
    medications.medication_code_system,
    medications.medication_name,
    medications.medication_name_raw,
    medications.medication_type,
    medications.medication_manufacturer,
    medications.dose_sequence_number,
    medications.days_to_medication_start,
    medications.days_to_medication_end
from medications
