-- Grain: one dataset of one imaging study; an element that a list repeats is one row.

with elements as (

    select
        source_id,
        study_node_id,
        study_instance_uid,
        study_natural_key,
        unnest(list_distinct(dataset_ids)) as element
    from {{ ref('stg_midrc__imaging_study') }}

)

select distinct
    source_id,
    study_node_id,
    study_instance_uid,
    study_natural_key,
    {{ text_or_null('element') }} as collection_id
from elements
where {{ text_or_null('element') }} is not null
