-- Grain: one source that is landed.
--
-- A release of IDC is dated by when it was published, a load of a portal, which has no releases, by when it was fetched. The
-- newest of these days is what the others are measured by, so that nothing depends on the clock.

with loads as (

    select
        releases.source_id,
        releases.release_version,
        cast(coalesce(
            cast(versions.released_on as {{ dbt.type_timestamp() }}),
            releases.fetched_at
        ) as date) as as_of
    from {{ ref('stg_landing__releases') }} as releases
    left join {{ ref('dim_idc_version') }} as versions
        on releases.source_id = versions.source_id
        and releases.idc_version = versions.idc_version

),

newest as (

    select max(as_of) as as_of
    from loads

)

select
    {{ surrogate_key(['loads.source_id']) }} as source_key,
    loads.source_id,
    loads.release_version,
    loads.as_of,
    newest.as_of as newest_as_of,
    cast({{ dbt.datediff('loads.as_of', 'newest.as_of', 'day') }} as {{ dbt.type_bigint() }}) as days_behind
from loads
cross join newest
