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

),

terms as (

    select modality from {{ ref('seed_modality') }}
    union
    select modality
    from observed
    where modality is not null

)

select
    {{ surrogate_key(['terms.modality']) }} as modality_key,
    terms.modality,
    known.modality_name,
    coalesce(known.modality_kind, 'unmapped') as modality_kind,
    known.is_retired,
    known.term_source,
    reasons.unmapped_reason
from terms
left join {{ ref('seed_modality') }} as known
    on terms.modality = known.modality
left join {{ ref('seed_unmapped_reason') }} as reasons
    on reasons.vocabulary = 'modality'
    and known.modality is null
    and upper(terms.modality) = reasons.raw_value
