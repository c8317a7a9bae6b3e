-- Grain: one IDC data release.

with source as (

    select * from {{ source('idc', 'version_metadata_index') }}

),

renamed as (

    select
        'idc' as source_id,
        idc_version,
        {{ stated_date('version_timestamp') }} as released_on
    from source

)

select * from renamed
