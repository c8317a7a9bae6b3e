-- Grain: one instance that one annotation of the MIDRC portal names; an instance that a record repeats is one row.

with instances as (

    select * from {{ ref('int_midrc__annotation_instances') }}

)

select
    {{ surrogate_key(['source_id', 'annotation_node_id']) }} as annotation_key,
    instance_uid
from instances
