-- Grain: one text without a mapping, as the records of one kind of one source state it.

select
    {{ surrogate_key(['source_id', 'record', 'vocabulary', 'raw_value']) }} as report_row_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    source_id,
    record,
    vocabulary,
    raw_value,
    record_count
from {{ ref('int_stated_values') }}
where not is_mapped
