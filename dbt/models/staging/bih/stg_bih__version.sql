-- Grain: one component of the BDF Imaging Hub's service.

with source as (

    select * from {{ source('bih', 'version') }}

),

renamed as (

    select
        'bih' as source_id,
        component,
        version,
        commit as commit_id
    from source

)

select * from renamed
