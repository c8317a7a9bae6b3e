-- Grain: one collection or dataset of one system that has series.

select
    dim_collection.source_id,
    dim_collection.collection_id,
    count(*) as series
from bridge_series_collection
inner join dim_collection on bridge_series_collection.collection_key = dim_collection.collection_key
group by
    dim_collection.source_id,
    dim_collection.collection_id
order by
    dim_collection.source_id,
    dim_collection.collection_id
