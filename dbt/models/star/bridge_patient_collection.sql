-- Grain: one collection of one patient. A patient of IDC has one by definition; cases of MIDRC may have several.

with links as (

    select
        source_id,
        patient_natural_key,
        collection_id as collection_natural_key
    from {{ ref('int_midrc__case_datasets') }}
    union all
    select
        source_id,
        patient_natural_key,
        collection_natural_key
    from {{ ref('int_bih__subject_collections') }}

)

select
    patient_key,
    collection_key
from {{ ref('dim_patient') }}
where source_id = 'idc'
union all
select
    {{ portal_patient_key('source_id', 'patient_natural_key') }} as patient_key,
    {{ surrogate_key(['source_id', 'collection_natural_key']) }} as collection_key
from links
