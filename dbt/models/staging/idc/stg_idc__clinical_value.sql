-- Grain: one value (a cell that is not null) of a clinical table.

with source as (

    select * from {{ source('idc', 'clinical_value') }}

),

renamed as (

    select
        'idc' as source_id,
        short_table_name,
        row_number,
        {{ adapter.quote('column') }} as column_name,
        cast(column_number as {{ dbt.type_int() }}) as column_number,
        {{ text_or_null('dicom_patient_id') }} as patient_id,
        -- As it stands: blank text is a value here, which its dictionary may explain.
        value as value_text,
        value_type
    from source

)

select * from renamed
