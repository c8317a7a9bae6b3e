-- Grain: one load (a dataset of one upstream version) that this snapshot reads, absent datasets included.

with loads as (

    select * from {{ ref('stg_landing__loads') }}

),

idc_versions as (

    select * from {{ ref('stg_idc__version_metadata_index') }}

)

select
    {{ surrogate_key(['loads.source_id', 'loads.dataset']) }} as release_key,
    {{ surrogate_key(['loads.source_id']) }} as source_key,
    loads.source_id,
    loads.dataset,
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
