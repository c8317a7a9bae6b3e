{#
    One row for each record of `relation` (cases, studies) that a data file names. A file names them twice: by node id and by
    identifier, and either list may hold more than the other. The identifier counts where no node id stands for it. A record
    that the portal's index lacks stays, without a key.
#}
{% macro file_links(relation, node_id, identifier, natural_key, listed_node_ids, listed_identifiers) -%}
with nodes as (

    {{ list_elements(
        ref('stg_midrc__data_file'), ['source_id', 'file_node_id'], list=listed_node_ids, element=node_id
    ) }}

),

identifiers as (

    {{ list_elements(
        ref('stg_midrc__data_file'), ['source_id', 'file_node_id'], list=listed_identifiers, element=identifier
    ) }}

),

indexed as (

    select
        {{ node_id }},
        {{ identifier }},
        {{ natural_key }}
    from {{ relation }}

),

node_links as (

    select
        nodes.source_id,
        nodes.file_node_id,
        nodes.{{ node_id }},
        indexed.{{ identifier }},
        indexed.{{ natural_key }}
    from nodes
    left join indexed
        on nodes.{{ node_id }} = indexed.{{ node_id }}

),

identifier_links as (

    select
        identifiers.source_id,
        identifiers.file_node_id,
        indexed.{{ node_id }},
        identifiers.{{ identifier }},
        indexed.{{ natural_key }}
    from identifiers
    left join node_links
        on identifiers.file_node_id = node_links.file_node_id
        and identifiers.{{ identifier }} = node_links.{{ identifier }}
    left join indexed
        on identifiers.{{ identifier }} = indexed.{{ natural_key }}
    where node_links.file_node_id is null

)

select
    source_id,
    file_node_id,
    {{ node_id }},
    {{ identifier }},
    {{ natural_key }}
from node_links
union all
select
    source_id,
    file_node_id,
    {{ node_id }},
    {{ identifier }},
    {{ natural_key }}
from identifier_links
{%- endmacro %}
