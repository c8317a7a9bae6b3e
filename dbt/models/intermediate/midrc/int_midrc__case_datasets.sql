-- Grain: one dataset of one case; an element that a list repeats is one row.

with elements as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        unnest(list_distinct(dataset_ids)) as element
    from {{ ref('stg_midrc__case') }}

)

select distinct
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    {{ text_or_null('element') }} as collection_id
from elements
where {{ text_or_null('element') }} is not null
