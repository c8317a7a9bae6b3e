-- Grain: one dataset of one data file that holds a DICOM series.

with elements as (

    select
        source_id,
        file_node_id as series_node_id,
        unnest({{ distinct_values('dataset_ids') }}) as element
    from {{ ref('stg_midrc__data_file') }}
    where series_instance_uid is not null

)

select
    source_id,
    series_node_id,
    {{ text_or_null('element') }} as collection_id
from elements
where {{ text_or_null('element') }} is not null
