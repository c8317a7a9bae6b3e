-- Grain: one licence. Licence texts of a source without a mapping are kept under their own text, with is_mapped = false.

with licenses as (

    select * from {{ ref('seed_license') }}

),

observed as (

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
    select source_id, sole_license_raw as license_raw from {{ ref('int_midrc__study') }}
    union
    select source_id, license_raw from {{ ref('stg_bih__dataset') }}
    union
    select source_id, sole_license_raw as license_raw from {{ ref('stg_bih__imaging_study') }}
    union
    select source_id, sole_license_raw as license_raw from {{ ref('stg_bih__imaging_series') }}

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

),

all_licenses as (

    select
        license_id,
        license_short_name,
        license_long_name,
        license_url,
        attribution_required,
        commercial_use_allowed,
        note,
        true as is_mapped
    from licenses
    union all
    select
        unmapped.license_raw as license_id,
        unmapped.license_raw as license_short_name,
        cast(null as {{ dbt.type_string() }}) as license_long_name,
        cast(null as {{ dbt.type_string() }}) as license_url,
        cast(null as boolean) as attribution_required,
        cast(null as boolean) as commercial_use_allowed,
        cast(null as {{ dbt.type_string() }}) as note,
        false as is_mapped
    from unmapped
    left join licenses
        on unmapped.license_raw = licenses.license_id
    where licenses.license_id is null

)

select
    {{ surrogate_key(['license_id']) }} as license_key,
    license_id,
    license_short_name,
    license_long_name,
    license_url,
    attribution_required,
    commercial_use_allowed,
    note,
    is_mapped
from all_licenses
