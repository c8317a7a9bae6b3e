-- Grain: one anatomic region. Texts without a mapping are kept under their own text in capitals, with is_mapped = false.

with observed as (

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

)

select
    {{ surrogate_key(['coalesce(known.body_part_id, unmapped.body_part_id)']) }} as body_part_key,
    coalesce(known.body_part_id, unmapped.body_part_id) as body_part_id,
    known.body_part_name,
    coalesce(known.body_region, 'unmapped') as body_region,
    known.coding_scheme,
    known.code,
    known.term_source,
    known.body_part_id is not null as is_mapped,
    reasons.unmapped_reason
from {{ ref('seed_body_part') }} as known
full outer join unmapped
    on known.body_part_id = unmapped.body_part_id
left join {{ ref('seed_unmapped_reason') }} as reasons
    on reasons.vocabulary = 'body part'
    and unmapped.body_part_id = reasons.raw_value
