-- Grain: one IDC data release that upstream lists, or that a series of this release or an earlier revision names.

with named as (

    select idc_version from {{ ref('stg_idc__version_metadata_index') }}
    union
    select cast(upstream_major_version as {{ dbt.type_bigint() }}) as idc_version
    from {{ ref('stg_landing__loads') }}
    where source_id = 'idc'
    union
    select first_idc_version as idc_version from {{ ref('stg_idc__idc_index') }}
    union
    select revised_idc_version as idc_version from {{ ref('stg_idc__idc_index') }}
    union
    select first_idc_version as idc_version from {{ ref('stg_idc__prior_versions_index') }}
    union
    select last_idc_version as idc_version from {{ ref('stg_idc__prior_versions_index') }}

),

current_release as (

    select
        upstream_version,
        cast(upstream_major_version as {{ dbt.type_bigint() }}) as idc_version
    from {{ ref('stg_landing__loads') }}
    where
        source_id = 'idc'
        and dataset = 'idc_index'

)

select
    {{ surrogate_key(["'idc'", 'named.idc_version']) }} as idc_version_key,
    {{ surrogate_key(["'idc'"]) }} as source_key,
    'idc' as source_id,
    named.idc_version,
    described.released_on,
    current_release.upstream_version,
    current_release.idc_version is not null as is_release_of_snapshot
from named
left join {{ ref('stg_idc__version_metadata_index') }} as described
    on named.idc_version = described.idc_version
left join current_release
    on named.idc_version = current_release.idc_version
where named.idc_version is not null
