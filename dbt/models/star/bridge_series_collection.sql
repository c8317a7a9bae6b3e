-- Grain: one collection of one series. Almost every series has one, which fct_series has as well; this has those of several, too.

with one as (

    select
        series_key,
        collection_key
    from {{ ref('fct_series') }}
    where collection_key is not null

),

-- fct_series knows the records of several collections by their node ids.
several as (

    select
        source_id,
        series_key,
        series_node_id
    from {{ ref('fct_series') }}
    where collection_count > 1

),

midrc as (

    select
        several.series_key,
        {{ surrogate_key(['links.source_id', 'links.collection_id']) }} as collection_key
    from {{ ref('int_midrc__series_collections') }} as links
    inner join several
        on links.source_id = several.source_id
        and links.series_node_id = several.series_node_id

),

bih as (

    select
        several.series_key,
        {{ surrogate_key(['links.source_id', 'links.collection_natural_key']) }} as collection_key
    from {{ ref('int_bih__imaging_series_collections') }} as links
    inner join several
        on links.source_id = several.source_id
        and links.series_node_id = several.series_node_id

)

select
    series_key,
    collection_key
from one
union all
select
    series_key,
    collection_key
from midrc
union all
select
    series_key,
    collection_key
from bih
