-- Grain: one term for the DICOM attribute Modality (0008,0060). Terms that data uses and the standard lacks are kept as `unmapped`.

with terms as (

    select * from {{ ref('seed_modality') }}

),

observed as (

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

unmapped as (

    select observed.modality
    from observed
    left join terms
        on observed.modality = terms.modality
    where
        terms.modality is null
        and observed.modality is not null

),

modalities as (

    select
        modality,
        modality_name,
        modality_kind,
        is_retired,
        term_source
    from terms
    union all
    select
        modality,
        cast(null as {{ dbt.type_string() }}) as modality_name,
        'unmapped' as modality_kind,
        cast(null as boolean) as is_retired,
        cast(null as {{ dbt.type_string() }}) as term_source
    from unmapped

)

select
    {{ surrogate_key(['modality']) }} as modality_key,
    modality,
    modality_name,
    modality_kind,
    is_retired,
    term_source
from modalities
