-- Grain: one comparison of two sides, with what is known of both: landed, synthetic, and how new the Hub is.

{{ config(materialized='table') }}

with loads as (

    select
        source_id,
        dataset,
        status = 'landed' as is_landed,
        is_synthetic
    from {{ ref('dim_release') }}
    where role = 'described'

),

hub as (

    select
        max(case when repository_id = 'bih_idc' then {{ version_number('metadata_source_version') }} end) as idc_version,
        max(case when repository_id = 'bih_midrc' then metadata_source_date end) as midrc_date
    from {{ ref('dim_collection') }}

),

idc as (

    select max({{ version_number('upstream_version') }}) as idc_version
    from {{ ref('dim_release') }}
    where
        source_id = 'idc'
        and dataset = 'idc_index'
        and role = 'described'

)

select
    comparisons.comparison_id,
    comparisons.left_system,
    comparisons.right_system,
    comparisons.entity,
    coalesce(left_loads.is_landed and right_loads.is_landed, false) as is_compared,
    coalesce(left_loads.is_synthetic <> right_loads.is_synthetic, false) as is_half_synthetic,
    case when comparisons.left_system = 'idc' then idc.idc_version end as left_idc_version,
    case when comparisons.left_system = 'idc' then hub.idc_version end as hub_idc_version,
    case when comparisons.left_system = 'midrc' then hub.midrc_date end as hub_midrc_date
from {{ ref('seed_comparison') }} as comparisons
left join loads as left_loads
    on comparisons.left_source_id = left_loads.source_id
    and comparisons.left_dataset = left_loads.dataset
left join loads as right_loads
    on comparisons.right_source_id = right_loads.source_id
    and comparisons.right_dataset = right_loads.dataset
cross join hub
cross join idc
