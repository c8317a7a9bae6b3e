-- Grain: one annotation of one data file of the MIDRC portal. An annotation that the portal does not list has no key and keeps
-- its id.

with links as (

    select * from {{ ref('int_midrc__file_annotations') }}

),

annotations as (

    select
        source_id,
        annotation_node_id
    from {{ ref('stg_midrc__annotation') }}

)

select
    {{ surrogate_key(['links.source_id', 'links.file_node_id']) }} as file_key,
    links.annotation_node_id,
    {{ reference_key(['annotations.source_id', 'annotations.annotation_node_id']) }} as annotation_key
from links
left join annotations
    on links.annotation_node_id = annotations.annotation_node_id
