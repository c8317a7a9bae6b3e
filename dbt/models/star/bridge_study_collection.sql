-- Grain: one collection of one study.

with links as (

    select
        source_id,
        study_natural_key,
        collection_id as collection_natural_key
    from {{ ref('int_midrc__study_datasets') }}
    union all
    select
        source_id,
        study_natural_key,
        collection_natural_key
    from {{ ref('int_bih__imaging_study_collections') }}

)

select distinct
    study_key,
    collection_key
from {{ ref('fct_series') }}
where
    source_id = 'idc'
    and study_key is not null
    and collection_key is not null
union all
select
    {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
    {{ surrogate_key(['source_id', 'collection_natural_key']) }} as collection_key
from links
