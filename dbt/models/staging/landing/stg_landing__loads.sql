-- Grain: one load (a dataset of one upstream version) that this build reads.

with source as (

    select * from {{ source('landed', 'loads') }}

),

renamed as (

    select
        source_id,
        dataset,
        upstream_version,
        case
            when source_id = 'idc' then cast({{ major_version('upstream_version') }} as {{ dbt.type_int() }})
        end as upstream_major_version,
        status,
        channel,
        row_count,
        byte_count,
        digest,
        is_synthetic
    from source

)

select * from renamed
