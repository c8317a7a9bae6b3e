-- Grain: one annotated instance of one annotation; an element that a list repeats is one row.

with elements as (

    select
        source_id,
        annotation_node_id,
        unnest(list_distinct(instance_uids)) as element
    from {{ ref('stg_midrc__annotation') }}

)

select distinct
    source_id,
    annotation_node_id,
    {{ text_or_null('element') }} as instance_uid
from elements
where {{ text_or_null('element') }} is not null
