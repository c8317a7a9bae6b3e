-- Grain: one medication of one case, by its position in the list.

with records as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        unnest(cast(medications as json[])) as record,
        cast(generate_subscripts(cast(medications as json[]), 1) as integer) as record_number
    from {{ ref('stg_midrc__case') }}
    where medications is not null

),

renamed as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        record_number,
        {{ text_or_null("record ->> 'medication_code'") }} as medication_code,
        {{ text_or_null("record ->> 'medication_code_system'") }} as medication_code_system,
        {{ text_or_null("record ->> 'medication_name'") }} as medication_name,
        record ->> 'medication_name' as medication_name_raw,
        {{ text_or_null("record ->> 'medication_type'") }} as medication_type,
        {{ text_or_null("record ->> 'medication_manufacturer'") }} as medication_manufacturer,
        try_cast(record ->> 'dose_sequence_number' as bigint) as dose_sequence_number,
        try_cast(record ->> 'days_to_medication_start' as bigint) as days_to_medication_start,
        try_cast(record ->> 'days_to_medication_end' as bigint) as days_to_medication_end
    from records

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    medication_code,
    medication_code_system,
    medication_name,
    medication_name_raw,
    medication_type,
    medication_manufacturer,
    dose_sequence_number,
    days_to_medication_start,
    days_to_medication_end
from renamed
