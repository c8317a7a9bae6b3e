-- Grain: one column of one clinical table. Where the artifact repeats the column of a table, `occurrence` tells the
-- rows apart, so that none is lost and no key is doubled.

with described as (

    select
        source_id,
        collection_id,
        table_name,
        short_table_name,
        column_name,
        column_label,
        cast(value_labels as {{ dbt.type_string() }}) as value_labels
    from {{ ref('stg_idc__clinical_index') }}

),

clinical_columns as (

    select
        described.*,
        row_number() over (
            partition by
                source_id,
                table_name,
                column_name
            order by
                collection_id nulls last,
                short_table_name nulls last,
                column_label nulls last,
                value_labels nulls last
        ) as occurrence
    from described

)

select
    {{ surrogate_key(['source_id', 'table_name', 'column_name', 'occurrence']) }} as clinical_column_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'clinical_index'"]) }} as release_key,
    {{ reference_key(['source_id', 'collection_id']) }} as collection_key,
    source_id,
    collection_id,
    table_name,
    short_table_name,
    column_name,
    cast(occurrence as integer) as occurrence,
    column_label,
    value_labels
from clinical_columns
