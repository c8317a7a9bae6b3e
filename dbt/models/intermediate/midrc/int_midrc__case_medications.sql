-- Grain: one medication of one case, by its position in the list.

with records as (

    {{ list_records(
        ref('stg_midrc__case'),
        keys=['source_id', 'case_node_id', 'case_id', 'patient_natural_key'],
        list='medications',
    ) }}

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    {{ text_or_null(json_text('record', 'medication_code')) }} as medication_code,
    {{ text_or_null(json_text('record', 'medication_code_system')) }} as medication_code_system,
    {{ text_or_null(json_text('record', 'medication_name')) }} as medication_name,
    {{ json_text('record', 'medication_name') }} as medication_name_raw,
    {{ text_or_null(json_text('record', 'medication_type')) }} as medication_type,
    {{ text_or_null(json_text('record', 'medication_manufacturer')) }} as medication_manufacturer,
    {{ stated_whole_number(json_text('record', 'dose_sequence_number')) }} as dose_sequence_number,
    {{ stated_whole_number(json_text('record', 'days_to_medication_start')) }} as days_to_medication_start,
    {{ stated_whole_number(json_text('record', 'days_to_medication_end')) }} as days_to_medication_end
from records
