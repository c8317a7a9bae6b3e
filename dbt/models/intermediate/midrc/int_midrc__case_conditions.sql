-- Grain: one condition of one case, by its position in the list.

with records as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        unnest(cast(conditions as json[])) as record,
        cast(generate_subscripts(cast(conditions as json[]), 1) as integer) as record_number
    from {{ ref('stg_midrc__case') }}
    where conditions is not null

),

renamed as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        record_number,
        {{ text_or_null("record ->> 'condition_code'") }} as condition_code,
        {{ text_or_null("record ->> 'condition_code_system'") }} as condition_code_system,
        {{ text_or_null("record ->> 'condition_name'") }} as condition_name,
        record ->> 'condition_name' as condition_name_raw,
        try_cast(record ->> 'days_to_condition_start' as bigint) as days_to_condition_start,
        try_cast(record ->> 'days_to_condition_end' as bigint) as days_to_condition_end
    from records

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    condition_code,
    condition_code_system,
    condition_name,
    condition_name_raw,
    days_to_condition_start,
    days_to_condition_end
from renamed
