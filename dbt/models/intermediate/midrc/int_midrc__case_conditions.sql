-- Grain: one condition of one case, by its position in the list.

with records as (

    {{ list_records(
        ref('stg_midrc__case'),
        keys=['source_id', 'case_node_id', 'case_id', 'patient_natural_key'],
        list='conditions',
    ) }}

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    {{ text_or_null(json_text('record', 'condition_code')) }} as condition_code,
    {{ text_or_null(json_text('record', 'condition_code_system')) }} as condition_code_system,
    {{ text_or_null(json_text('record', 'condition_name')) }} as condition_name,
    {{ json_text('record', 'condition_name') }} as condition_name_raw,
    {{ stated_whole_number(json_text('record', 'days_to_condition_start')) }} as days_to_condition_start,
    {{ stated_whole_number(json_text('record', 'days_to_condition_end')) }} as days_to_condition_end
from records
