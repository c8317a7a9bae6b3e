-- Grain: one load that this build reads as evidence: of an earlier IDC release, or counts of an earlier load.

with source as (

    select * from {{ source('landed', 'earlier_loads') }}

),

renamed as (

    select
        source_id,
        dataset,
        upstream_version,
        cast({{ major_version('upstream_version') }} as {{ dbt.type_int() }}) as upstream_major_version,
        status,
        channel,
        row_count,
        byte_count,
        digest,
        is_synthetic
    from source

)

select * from renamed
