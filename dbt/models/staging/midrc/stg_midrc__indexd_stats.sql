-- Grain: one answer of Indexd about all its files.

with source as (

    select * from {{ source('midrc', 'indexd_stats') }}

),

renamed as (

    select
        'midrc' as source_id,
        file_count,
        total_file_size as size_bytes
    from source

)

select * from renamed
