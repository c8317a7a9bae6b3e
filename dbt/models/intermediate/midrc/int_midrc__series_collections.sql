-- Grain: one dataset of one data file that holds a DICOM series.

with series as (

    select
        source_id,
        file_node_id as series_node_id,
        dataset_ids
    from {{ ref('stg_midrc__data_file') }}
    where series_instance_uid is not null

)

{{ list_elements(
    'series',
    keys=['source_id', 'series_node_id'],
    list='dataset_ids',
    element='collection_id',
) }}
