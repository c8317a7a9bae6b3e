-- Grain: one collection of one patient. A patient of IDC has one by definition; cases of MIDRC may have several.

with idc as (

    select distinct
        source_id,
        collection_id as key_collection_id,
        patient_id as patient_natural_key,
        collection_id as collection_natural_key
    from {{ ref('stg_idc__idc_index') }}
    where
        collection_id is not null
        and patient_id is not null

),

midrc as (

    select
        source_id,
        cast(null as {{ dbt.type_string() }}) as key_collection_id,
        patient_natural_key,
        collection_id as collection_natural_key
    from {{ ref('int_midrc__case_datasets') }}

),

bih as (

    select
        source_id,
        cast(null as {{ dbt.type_string() }}) as key_collection_id,
        patient_natural_key,
        collection_natural_key
    from {{ ref('int_bih__subject_collections') }}

),

links as (

    select * from idc
    union all
    select * from midrc
    union all
    select * from bih

)

select
    {{ surrogate_key(['source_id', 'key_collection_id', 'patient_natural_key']) }} as patient_key,
    {{ surrogate_key(['source_id', 'collection_natural_key']) }} as collection_key
from links
