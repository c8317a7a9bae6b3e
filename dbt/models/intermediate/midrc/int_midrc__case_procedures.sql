-- Grain: one procedure of one case, by its position in the list.

with records as (

    {{ list_records(
        ref('stg_midrc__case'),
        keys=['source_id', 'case_node_id', 'case_id', 'patient_natural_key'],
        list='procedures',
    ) }}

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    {{ text_or_null(json_text('record', 'procedure_name')) }} as procedure_name,
    {{ json_text('record', 'procedure_name') }} as procedure_name_raw,
    {{ text_or_null(json_text('record', 'breathing_support_type')) }} as breathing_support_type,
    {{ stated_whole_number(json_text('record', 'days_to_procedure_start')) }} as days_to_procedure_start,
    {{ stated_whole_number(json_text('record', 'days_to_procedure_end')) }} as days_to_procedure_end
from records
