-- Grain: one case of one data file.
--
-- A file names its cases twice: by node id and by submitter id, and either list may hold more than the other. The
-- submitter id counts where no node id stands for it. A case that the portal's index lacks stays, without a key.

with node_elements as (

    select
        source_id,
        file_node_id,
        unnest(list_distinct(case_node_ids)) as element
    from {{ ref('stg_midrc__data_file') }}

),

nodes as (

    select distinct
        source_id,
        file_node_id,
        {{ text_or_null('element') }} as case_node_id
    from node_elements
    where {{ text_or_null('element') }} is not null

),

identifier_elements as (

    select
        source_id,
        file_node_id,
        unnest(list_distinct(case_ids)) as element
    from {{ ref('stg_midrc__data_file') }}

),

identifiers as (

    select distinct
        source_id,
        file_node_id,
        {{ text_or_null('element') }} as case_id
    from identifier_elements
    where {{ text_or_null('element') }} is not null

),

indexed as (

    select
        case_node_id,
        case_id,
        patient_natural_key
    from {{ ref('stg_midrc__case') }}

),

node_links as (

    select
        nodes.source_id,
        nodes.file_node_id,
        nodes.case_node_id,
        indexed.case_id,
        indexed.patient_natural_key
    from nodes
    left join indexed
        on nodes.case_node_id = indexed.case_node_id

),

identifier_links as (

    select
        identifiers.source_id,
        identifiers.file_node_id,
        indexed.case_node_id,
        identifiers.case_id,
        indexed.patient_natural_key
    from identifiers
    left join node_links
        on identifiers.file_node_id = node_links.file_node_id
        and identifiers.case_id = node_links.case_id
    left join indexed
        on identifiers.case_id = indexed.patient_natural_key
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
    case_node_id,
    case_id,
    patient_natural_key
from links
