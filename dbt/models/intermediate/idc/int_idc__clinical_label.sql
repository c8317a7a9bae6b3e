-- Grain: one code of one column of one clinical table, with what the dictionary says that it stands for. A code that it gives
-- two meanings has none here.

with described as (

    select
        short_table_name,
        column_name,
        value_labels
    from {{ ref('stg_idc__clinical_index') }}

),

options as (

    {{ list_records('described', ['short_table_name', 'column_name'], 'value_labels') }}

),

labelled as (

    select
        short_table_name,
        column_name,
        {{ json_text('record', 'option_code') }} as option_code,
        {{ text_or_null(json_text('record', 'option_description')) }} as option_description
    from options

)

select
    short_table_name,
    column_name,
    option_code,
    min(option_description) as value_label
from labelled
where option_code is not null
    and option_description is not null
group by
    short_table_name,
    column_name,
    option_code
having count(distinct option_description) = 1
