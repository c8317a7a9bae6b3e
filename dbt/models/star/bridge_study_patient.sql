-- Grain: one patient of one study. Almost every study has one; the real index holds one study with two.

with series as (

    select distinct
        source_id,
        study_instance_uid,
        collection_id,
        patient_id
    from {{ ref('stg_idc__idc_index') }}

)

select
    {{ surrogate_key(['source_id', 'study_instance_uid']) }} as study_key,
    {{ surrogate_key(['source_id', 'collection_id', 'patient_id']) }} as patient_key
from series
