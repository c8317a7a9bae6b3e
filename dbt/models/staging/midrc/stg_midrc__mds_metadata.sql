-- Grain: one record of the metadata service.

with source as (

    select * from {{ source('midrc', 'mds_metadata') }}

),

renamed as (

    select
        'midrc' as source_id,
        guid,
        {{ text_or_null('guid_type') }} as guid_type,
        record
    from source

)

select * from renamed
