-- Grain: one text without a mapping, as the records of one kind of one source state it.

with unmapped as (

    select
        source_id,
        record,
        vocabulary,
        raw_value,
        record_count
    from {{ ref('int_stated_values') }}
    where not is_mapped

)

select
    {{ surrogate_key(['unmapped.source_id', 'unmapped.record', 'unmapped.vocabulary', 'unmapped.raw_value']) }} as report_row_key,
    {{ surrogate_key(['unmapped.source_id']) }} as source_key,
    unmapped.source_id,
    unmapped.record,
    unmapped.vocabulary,
    unmapped.raw_value,
    unmapped.record_count,
    reasons.unmapped_reason
from unmapped
left join {{ ref('seed_unmapped_reason') }} as reasons
    on unmapped.vocabulary = reasons.vocabulary
    and upper(unmapped.raw_value) = reasons.raw_value
