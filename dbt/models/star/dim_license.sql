-- Grain: one licence. Licence texts of a source without a mapping are kept under their own text, with is_mapped = false.

with observed as (

    select source_id, license_raw from {{ ref('stg_idc__idc_index') }}
    union
    select source_id, license_raw from {{ ref('int_idc__collection_sources') }}
    union
    select source_id, license_raw from {{ ref('stg_idc__analysis_results_index') }}
    union
    select source_id, license_raw from {{ ref('int_midrc__file_licenses') }}
    union
    select source_id, license_raw from {{ ref('int_midrc__discovery_datasets') }}
    union
    select source_id, license_raw from {{ ref('int_midrc__dataset_terms') }}
    union
    select source_id, license_raw from {{ ref('int_midrc__study') }}
    union
    select source_id, license_raw from {{ ref('stg_bih__dataset') }}
    union
    select source_id, license_raw from {{ ref('stg_bih__imaging_study') }}
    union
    select source_id, license_raw from {{ ref('stg_bih__imaging_series') }}

),

unmapped as (

    select distinct observed.license_raw
    from observed
    left join {{ ref('map_license') }} as map_license
        on observed.source_id = map_license.source_id
        and observed.license_raw = map_license.license_raw
    where
        map_license.license_id is null
        and observed.license_raw is not null

)

select
    {{ surrogate_key(['coalesce(known.license_id, unmapped.license_raw)']) }} as license_key,
    coalesce(known.license_id, unmapped.license_raw) as license_id,
    coalesce(known.license_short_name, unmapped.license_raw) as license_short_name,
    known.license_long_name,
    known.license_url,
    known.attribution_required,
    known.commercial_use_allowed,
    known.note,
    known.license_id is not null as is_mapped
from {{ ref('seed_license') }} as known
full outer join unmapped
    on known.license_id = unmapped.license_raw
