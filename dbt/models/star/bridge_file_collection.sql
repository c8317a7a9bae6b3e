-- Grain: one dataset of one data file of the MIDRC portal.

with links as (

    select * from {{ ref('int_midrc__file_datasets') }}

)

select
    {{ surrogate_key(['source_id', 'file_node_id']) }} as file_key,
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key
from links
