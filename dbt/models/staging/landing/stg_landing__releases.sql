-- Grain: one release of one source that this build describes.

with source as (

    select * from {{ source('landed', 'releases') }}

),

renamed as (

    select
        source_id,
        upstream_version as release_version,
        case when source_id = 'idc' then {{ major_version('upstream_version') }} end as idc_version,
        fetched_at
    from source

)

select * from renamed
