-- Grain: one vocabulary, as the records of one kind of one source use it.

with stated as (

    select
        source_id,
        record,
        vocabulary,
        count(*) as value_count,
        sum(case when is_mapped then 0 else 1 end) as unmapped_value_count,
        sum(record_count) as record_count,
        sum(case when is_mapped then 0 else record_count end) as unmapped_record_count
    from {{ ref('int_stated_values') }}
    group by
        source_id,
        record,
        vocabulary

)

select
    {{ surrogate_key(['source_id', 'record', 'vocabulary']) }} as report_row_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    source_id,
    record,
    vocabulary,
    value_count,
    cast(unmapped_value_count as {{ dbt.type_bigint() }}) as unmapped_value_count,
    cast(record_count as {{ dbt.type_bigint() }}) as record_count,
    cast(unmapped_record_count as {{ dbt.type_bigint() }}) as unmapped_record_count,
    {{ percent_of('unmapped_record_count', 'record_count') }} as unmapped_percent
from stated
