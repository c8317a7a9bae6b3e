-- Grain: one figure that the BDF Imaging Hub reports of one of its types: a total, or one bucket of one histogram.

with source as (

    select * from {{ source('bih', 'reported_counts') }}

),

renamed as (

    select
        'bih' as source_id,
        entity,
        dimension,
        key,
        missing as is_missing,
        count as reported_count
    from source

)

select * from renamed
