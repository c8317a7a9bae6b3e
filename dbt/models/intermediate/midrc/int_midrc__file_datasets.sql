-- Grain: one dataset of one data file; an element that a list repeats is one row.

with elements as (

    select
        source_id,
        file_node_id,
        unnest(list_distinct(dataset_ids)) as element
    from {{ ref('stg_midrc__data_file') }}

)

select distinct
    source_id,
    file_node_id,
    {{ text_or_null('element') }} as collection_id
from elements
where {{ text_or_null('element') }} is not null
