-- Grain: one combination of kind of node, category, type and format of the data files of one source.

select
    {{ surrogate_key(['source_id', 'source_node', 'data_category', 'data_type', 'data_format']) }} as file_group_key,
    source_key,
    source_id,
    source_node,
    data_category,
    data_type,
    data_format,
    {{ metric('files') }} as file_count,
    cast({{ metric('file_bytes') }} as {{ dbt.type_bigint() }}) as size_bytes,
    count(size_bytes) as sized_file_count
from {{ ref('fct_file') }}
group by
    source_key,
    source_id,
    source_node,
    data_category,
    data_type,
    data_format
