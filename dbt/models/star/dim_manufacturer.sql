-- Grain: one manufacturer. Names without a mapping are kept under their own text in capitals, with is_mapped = false.

with manufacturers as (

    select * from {{ ref('seed_manufacturer') }}

),

observed as (

    select manufacturer from {{ ref('stg_idc__idc_index') }}
    union
    select manufacturer from {{ ref('stg_midrc__data_file') }}
    union
    select manufacturer from {{ ref('stg_bih__imaging_series') }}

),

unmapped as (

    select
        upper(observed.manufacturer) as manufacturer_id,
        min(observed.manufacturer) as manufacturer_name
    from observed
    left join {{ ref('map_manufacturer') }} as map_manufacturer
        on upper(observed.manufacturer) = map_manufacturer.manufacturer_raw
    where
        map_manufacturer.manufacturer_id is null
        and observed.manufacturer is not null
    group by upper(observed.manufacturer)

),

all_manufacturers as (

    select
        manufacturer_id,
        manufacturer_name,
        manufacturer_kind,
        true as is_mapped
    from manufacturers
    union all
    select
        unmapped.manufacturer_id,
        unmapped.manufacturer_name,
        'unmapped' as manufacturer_kind,
        false as is_mapped
    from unmapped
    left join manufacturers
        on unmapped.manufacturer_id = manufacturers.manufacturer_id
    where manufacturers.manufacturer_id is null

)

select
    {{ surrogate_key(['manufacturer_id']) }} as manufacturer_key,
    manufacturer_id,
    manufacturer_name,
    manufacturer_kind,
    is_mapped
from all_manufacturers
