-- Grain: one term for the DICOM attribute Modality (0008,0060). Terms that data uses and the standard lacks are kept as `unmapped`.

with observed as (

    select modality from {{ ref('stg_idc__idc_index') }}
    union
    select modality from {{ ref('stg_idc__prior_versions_index') }}
    union
    select modality from {{ ref('stg_midrc__data_file') }}
    union
    select modality from {{ ref('stg_midrc__radiology_report') }}
    union
    select modality from {{ ref('int_midrc__study_modalities') }}
    union
    select modality from {{ ref('stg_bih__imaging_series') }}

)

select
    {{ surrogate_key(['coalesce(known.modality, observed.modality)']) }} as modality_key,
    coalesce(known.modality, observed.modality) as modality,
    known.modality_name,
    coalesce(known.modality_kind, 'unmapped') as modality_kind,
    known.is_retired,
    known.term_source
from {{ ref('seed_modality') }} as known
full outer join observed
    on known.modality = observed.modality
where known.modality is not null or observed.modality is not null
