-- Grain: one imaging study of one data file.
--
-- A file names its studies twice: by node id and by StudyInstanceUID, and either list may hold more than the
-- other. The UID counts where no node id stands for it. A study that the portal's index lacks stays, without a key.

with node_elements as (

    select
        source_id,
        file_node_id,
        unnest(list_distinct(study_node_ids)) as element
    from {{ ref('stg_midrc__data_file') }}

),

nodes as (

    select distinct
        source_id,
        file_node_id,
        {{ text_or_null('element') }} as study_node_id
    from node_elements
    where {{ text_or_null('element') }} is not null

),

identifier_elements as (

    select
        source_id,
        file_node_id,
        unnest(list_distinct(study_instance_uids)) as element
    from {{ ref('stg_midrc__data_file') }}

),

identifiers as (

    select distinct
        source_id,
        file_node_id,
        {{ text_or_null('element') }} as study_instance_uid
    from identifier_elements
    where {{ text_or_null('element') }} is not null

),

indexed as (

    select
        study_node_id,
        study_instance_uid,
        study_natural_key
    from {{ ref('stg_midrc__imaging_study') }}

),

node_links as (

    select
        nodes.source_id,
        nodes.file_node_id,
        nodes.study_node_id,
        indexed.study_instance_uid,
        indexed.study_natural_key
    from nodes
    left join indexed
        on nodes.study_node_id = indexed.study_node_id

),

identifier_links as (

    select
        identifiers.source_id,
        identifiers.file_node_id,
        indexed.study_node_id,
        identifiers.study_instance_uid,
        indexed.study_natural_key
    from identifiers
    left join node_links
        on identifiers.file_node_id = node_links.file_node_id
        and identifiers.study_instance_uid = node_links.study_instance_uid
    left join indexed
        on identifiers.study_instance_uid = indexed.study_natural_key
    where node_links.file_node_id is null

),

links as (

    select * from node_links
    union all
    select * from identifier_links

)

select
    source_id,
    file_node_id,
    study_node_id,
    study_instance_uid,
    study_natural_key
from links
