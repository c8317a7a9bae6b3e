-- Grain: one column of one clinical table.

with source as (

    select * from {{ source('idc', 'clinical_index') }}

),

-- `values` is JSON as landed: the fields of its records are upstream's and may change from release to release.
renamed as (

    select
        'idc' as source_id,
        collection_id,
        table_name,
        -- Upstream makes the short name so (clinical_index.sql of idc-index-data).
        coalesce(
            {{ text_or_null('short_table_name') }},
            {{ text_or_null(text_part('table_name', '.', 3)) }}
        ) as short_table_name,
        {{ adapter.quote('column') }} as column_name,
        {{ text_or_null('column_label') }} as column_label,
        {{ adapter.quote('values') }} as value_labels
    from source

)

select * from renamed
