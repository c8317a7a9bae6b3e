-- Grain: one manufacturer. Names without a mapping are kept under their own text in capitals, with is_mapped = false.

with observed as (

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

)

select
    {{ surrogate_key(['coalesce(known.manufacturer_id, unmapped.manufacturer_id)']) }} as manufacturer_key,
    coalesce(known.manufacturer_id, unmapped.manufacturer_id) as manufacturer_id,
    coalesce(known.manufacturer_name, unmapped.manufacturer_name) as manufacturer_name,
    coalesce(known.manufacturer_kind, 'unmapped') as manufacturer_kind,
    known.manufacturer_id is not null as is_mapped,
    reasons.unmapped_reason
from {{ ref('seed_manufacturer') }} as known
full outer join unmapped
    on known.manufacturer_id = unmapped.manufacturer_id
left join {{ ref('seed_unmapped_reason') }} as reasons
    on reasons.vocabulary = 'manufacturer'
    and unmapped.manufacturer_id = reasons.raw_value
