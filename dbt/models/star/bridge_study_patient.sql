-- Grain: one patient of one study. Almost every study has one; the real IDC index holds one study with two.

with idc as (

    select distinct
        source_id,
        study_instance_uid as study_natural_key,
        collection_id as key_collection_id,
        patient_id as patient_natural_key
    from {{ ref('stg_idc__idc_index') }}
    where
        study_instance_uid is not null
        and collection_id is not null
        and patient_id is not null

),

midrc as (

    select
        source_id,
        study_natural_key,
        cast(null as {{ dbt.type_string() }}) as key_collection_id,
        coalesce(patient_natural_key, case_id) as patient_natural_key
    from {{ ref('int_midrc__study_cases') }}

),

bih as (

    select
        source_id,
        study_natural_key,
        cast(null as {{ dbt.type_string() }}) as key_collection_id,
        patient_natural_key
    from {{ ref('int_bih__imaging_study_subjects') }}

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
    {{ surrogate_key(['source_id', 'key_collection_id', 'patient_natural_key']) }} as patient_key
from links
