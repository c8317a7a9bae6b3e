-- Grain: one clinical table that the dictionary describes.

with described as (

    select distinct
        short_table_name,
        collection_id
    from {{ ref('stg_idc__clinical_index') }}
    where short_table_name is not null
        and collection_id is not null

)

select
    short_table_name,
    count(*) as collection_count,
    case
        when count(*) = 1 then min(collection_id)
    end as sole_collection_id
from described
group by short_table_name
