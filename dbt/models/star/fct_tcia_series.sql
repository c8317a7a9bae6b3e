-- Grain: one DICOM series of the artifact.

with series as (

    select
        tcia_idc_subset.*,
        {{ occurrence('tcia_idc_subset', 'series_instance_uid') }} as occurrence
    from {{ ref('stg_idc__tcia_idc_subset') }} as tcia_idc_subset

)

select
    {{ key_of_occurrence('series_instance_uid') }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'tcia_idc_subset'"]) }} as release_key,
    case
        when collection_id is not null
            then {{ surrogate_key(['source_id', 'collection_id']) }}
    end as collection_key,
    case
        when collection_id is not null and patient_id is not null
            then {{ surrogate_key(['source_id', 'collection_id', 'patient_id']) }}
    end as patient_key,
    case
        when study_instance_uid is not null
            then {{ surrogate_key(['source_id', 'study_instance_uid']) }}
    end as study_key,
    source_id,
    collection_id,
    patient_id,
    study_instance_uid,
    series_instance_uid,
    size_bytes,
    series_aws_url
from series
