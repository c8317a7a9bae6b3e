-- Grain: one format or one type of MIDRC's data files.

select
    {{ surrogate_key(['source_id', 'dimension', 'dimension_value']) }} as report_row_key,
    source_key,
    source_id,
    dimension,
    dimension_value,
    counted as file_count
from {{ ref('int_record_counts') }}
where
    entity = 'file'
    and dimension in ('data_format', 'data_type')
