-- Grain: one collection of one study.

with idc as (

    select distinct
        source_id,
        study_instance_uid as study_natural_key,
        collection_id as collection_natural_key
    from {{ ref('stg_idc__idc_index') }}
    where
        study_instance_uid is not null
        and collection_id is not null

),

midrc as (

    select
        source_id,
        study_natural_key,
        collection_id as collection_natural_key
    from {{ ref('int_midrc__study_datasets') }}

),

bih as (

    select
        source_id,
        study_natural_key,
        collection_natural_key
    from {{ ref('int_bih__imaging_study_collections') }}

),

links as (

    select * from idc
    union all
    select * from midrc
    union all
    select * from bih

)

select
    {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
    {{ surrogate_key(['source_id', 'collection_natural_key']) }} as collection_key
from links
