-- Grain: one procedure of one case, by its position in the list.

with records as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        unnest(cast(procedures as json[])) as record,
        cast(generate_subscripts(cast(procedures as json[]), 1) as integer) as record_number
    from {{ ref('stg_midrc__case') }}
    where procedures is not null

),

renamed as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        record_number,
        {{ text_or_null("record ->> 'procedure_name'") }} as procedure_name,
        record ->> 'procedure_name' as procedure_name_raw,
        {{ text_or_null("record ->> 'breathing_support_type'") }} as breathing_support_type,
        try_cast(record ->> 'days_to_procedure_start' as bigint) as days_to_procedure_start,
        try_cast(record ->> 'days_to_procedure_end' as bigint) as days_to_procedure_end
    from records

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    procedure_name,
    procedure_name_raw,
    breathing_support_type,
    days_to_procedure_start,
    days_to_procedure_end
from renamed
