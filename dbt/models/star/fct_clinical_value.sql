-- Grain: one value (a cell that is not null) of a clinical table of IDC. A table that several collections share is whole: a
-- row of it belongs to the one of these collections in which its patient has images, and to none where that is not one.

with clinical_values as (

    select * from {{ ref('stg_idc__clinical_value') }}

),

-- The dictionary may describe a column of a collection twice: the first description counts.
dictionary as (

    select
        source_id,
        collection_id,
        short_table_name,
        column_name,
        clinical_column_key,
        row_number() over (
            partition by
                source_id,
                collection_id,
                short_table_name,
                column_name
            order by
                table_name nulls last,
                occurrence nulls last
        ) as description_number
    from {{ ref('fct_clinical_column') }}

),

placed as (

    select
        clinical_values.source_id,
        coalesce(
            tables.sole_collection_id,
            patients.collection_id
        ) as collection_id,
        clinical_values.short_table_name,
        clinical_values.row_number,
        clinical_values.column_name,
        clinical_values.column_number,
        clinical_values.patient_id,
        clinical_values.value_text,
        clinical_values.value_type,
        case
            when clinical_values.value_type in ('integer', 'float')
                then {{ stated_number('clinical_values.value_text') }}
        end as number
    from clinical_values
    left join {{ ref('int_idc__clinical_table') }} as tables
        on clinical_values.short_table_name = tables.short_table_name
    left join {{ ref('int_idc__clinical_patient') }} as patients
        on clinical_values.short_table_name = patients.short_table_name
        and clinical_values.patient_id = patients.patient_id

)

select
    {{ surrogate_key([
        'placed.source_id', 'placed.short_table_name', 'placed.row_number', 'placed.column_name'
    ]) }} as clinical_value_key,
    {{ surrogate_key(['placed.source_id']) }} as source_key,
    {{ surrogate_key(['placed.source_id', "'clinical_value'"]) }} as release_key,
    {{ reference_key(['placed.source_id', 'placed.collection_id']) }} as collection_key,
    {{ reference_key(['placed.source_id', 'placed.collection_id', 'placed.patient_id']) }} as patient_key,
    dictionary.clinical_column_key,
    placed.source_id,
    placed.collection_id,
    placed.short_table_name,
    placed.row_number,
    placed.column_name,
    placed.column_number,
    placed.patient_id,
    placed.value_text,
    labels.value_label,
    placed.value_type,
    -- A double holds every whole number below 2^53, and not each above it; an infinity is no number.
    case
        when placed.value_type = 'integer' and abs(placed.number) < 9007199254740992 then placed.number
        when placed.value_type = 'float' and abs(placed.number) <= 1.7976931348623157e308 then placed.number
    end as value_number,
    case
        when placed.value_type = 'date' then {{ stated_date('placed.value_text') }}
    end as value_date,
    case
        when placed.value_type = 'timestamp' then {{ stated_timestamp('placed.value_text') }}
    end as value_timestamp,
    case
        when placed.value_type = 'boolean' then {{ stated_boolean('placed.value_text') }}
    end as value_boolean
from placed
left join dictionary
    on placed.source_id = dictionary.source_id
    and placed.collection_id = dictionary.collection_id
    and placed.short_table_name = dictionary.short_table_name
    and placed.column_name = dictionary.column_name
    and dictionary.description_number = 1
left join {{ ref('int_idc__clinical_label') }} as labels
    on placed.short_table_name = labels.short_table_name
    and placed.column_name = labels.column_name
    and placed.value_text = labels.option_code
