-- Grain: one component of the service and its version.

with source as (

    select * from {{ source('midrc', 'version') }}

),

renamed as (

    select
        'midrc' as source_id,
        component,
        {{ text_or_null('version') }} as component_version,
        {{ text_or_null('commit') }} as component_commit
    from source

)

select * from renamed
