-- Grain: one laboratory measurement in the record of one case, by its position in the list.

with records as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        unnest(cast(measurements as json[])) as record,
        cast(generate_subscripts(cast(measurements as json[]), 1) as integer) as record_number
    from {{ ref('stg_midrc__case') }}
    where measurements is not null

),

renamed as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        record_number,
        try_cast(record ->> 'test_days_from_index' as bigint) as days_from_index,
        {{ text_or_null("record ->> 'test_method'") }} as test_method,
        {{ text_or_null("record ->> 'test_name'") }} as test_name,
        {{ text_or_null("record ->> 'test_result_text'") }} as test_result
    from records

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    days_from_index,
    test_method,
    test_name,
    test_result
from renamed
