-- Grain: one load (a dataset of one upstream version) that this snapshot reads, absent datasets included.
--
-- The keys of the loads that it describes are those that other tables have; an earlier load has a key of its own.

with loads as (

    select
        {{ surrogate_key(['source_id', 'dataset']) }} as release_key,
        'described' as role,
        source_id,
        dataset,
        upstream_version,
        upstream_major_version,
        status,
        channel,
        row_count,
        byte_count,
        digest,
        is_synthetic
    from {{ ref('stg_landing__loads') }}
    union all
    select
        {{ surrogate_key(['source_id', 'dataset', 'upstream_version']) }} as release_key,
        'evidence' as role,
        source_id,
        dataset,
        upstream_version,
        upstream_major_version,
        status,
        channel,
        row_count,
        byte_count,
        digest,
        is_synthetic
    from {{ ref('stg_landing__earlier_loads') }}

),

idc_versions as (

    select * from {{ ref('stg_idc__version_metadata_index') }}

)

select
    loads.release_key,
    {{ surrogate_key(['loads.source_id']) }} as source_key,
    loads.source_id,
    loads.dataset,
    loads.role,
    loads.upstream_version,
    loads.upstream_major_version,
    idc_versions.released_on,
    loads.status,
    loads.channel,
    loads.row_count,
    loads.byte_count,
    loads.digest,
    loads.is_synthetic
from loads
left join idc_versions
    on loads.source_id = idc_versions.source_id
    and loads.upstream_major_version = idc_versions.idc_version
