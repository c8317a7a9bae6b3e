-- Grain: one series with contrast agent attributes.

with source as (

    select * from {{ source('idc', 'contrast_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        ContrastBolusAgent as contrast_bolus_agent,
        ContrastBolusIngredient as contrast_bolus_ingredient,
        ContrastBolusRoute as contrast_bolus_route
    from source

)

select * from renamed
