-- Grain: one imaging study of one data file. A study that the portal does not list has no key and keeps its ids.

with links as (

    select * from {{ ref('int_midrc__file_studies') }}

)

select
    {{ surrogate_key(['links.source_id', 'links.file_node_id', 'links.study_node_id', 'links.study_instance_uid']) }} as file_study_key,
    {{ surrogate_key(['links.source_id', 'links.file_node_id']) }} as file_key,
    {{ reference_key(['links.source_id', 'links.study_natural_key']) }} as study_key,
    links.study_node_id,
    links.study_instance_uid
from links
