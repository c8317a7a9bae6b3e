-- Grain: one IDC release that this build reads, the release of the snapshot or evidence, with the one that it is compared to.

with releases as (

    select upstream_version, upstream_major_version
    from {{ ref('stg_landing__loads') }}
    where
        source_id = 'idc'
        and dataset = 'idc_index'
    union all
    select upstream_version, upstream_major_version
    from {{ ref('stg_landing__earlier_loads') }}
    where
        source_id = 'idc'
        and dataset = 'idc_index'

)

select
    cast(upstream_major_version as {{ dbt.type_bigint() }}) as idc_version,
    upstream_version,
    cast(
        lag(upstream_major_version) over (order by upstream_major_version nulls last) as {{ dbt.type_bigint() }}
    ) as compared_idc_version,
    lag(upstream_version) over (order by upstream_major_version nulls last) as compared_upstream_version,
    row_number() over (order by upstream_major_version desc nulls last) = 1 as is_release_of_snapshot
from releases
