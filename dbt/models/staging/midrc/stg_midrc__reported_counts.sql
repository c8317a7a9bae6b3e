-- Grain: one figure that the portal reports of one of its types.

with source as (

    select * from {{ source('midrc', 'reported_counts') }}

),

renamed as (

    select
        'midrc' as source_id,
        entity,
        dimension,
        key as dimension_value,
        missing as is_missing,
        count as reported_count
    from source

)

select * from renamed
