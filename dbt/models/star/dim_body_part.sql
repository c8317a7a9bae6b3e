-- Grain: one anatomic region. Texts without a mapping are kept under their own text in capitals, with is_mapped = false.

with regions as (

    select * from {{ ref('seed_body_part') }}

),

observed as (

    select body_part_examined from {{ ref('stg_idc__idc_index') }}
    union
    select body_part_examined from {{ ref('int_midrc__study_body_parts') }}
    union
    select body_part_examined from {{ ref('int_midrc__series_keyed') }}
    union
    select body_part_examined from {{ ref('stg_bih__imaging_series') }}

),

unmapped as (

    select distinct upper(observed.body_part_examined) as body_part_id
    from observed
    left join {{ ref('map_body_part') }} as map_body_part
        on upper(observed.body_part_examined) = map_body_part.body_part_raw
    where
        map_body_part.body_part_id is null
        and observed.body_part_examined is not null

),

all_regions as (

    select
        body_part_id,
        body_part_name,
        body_region,
        coding_scheme,
        code,
        term_source,
        true as is_mapped
    from regions
    union all
    select
        unmapped.body_part_id,
        cast(null as {{ dbt.type_string() }}) as body_part_name,
        'unmapped' as body_region,
        cast(null as {{ dbt.type_string() }}) as coding_scheme,
        cast(null as {{ dbt.type_string() }}) as code,
        cast(null as {{ dbt.type_string() }}) as term_source,
        false as is_mapped
    from unmapped
    left join regions
        on unmapped.body_part_id = regions.body_part_id
    where regions.body_part_id is null

)

select
    {{ surrogate_key(['body_part_id']) }} as body_part_key,
    body_part_id,
    body_part_name,
    body_region,
    coding_scheme,
    code,
    term_source,
    is_mapped
from all_regions
