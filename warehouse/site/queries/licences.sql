-- Grain: one licence of the series of one system, the twelve with the most series. A series of several licences has none.

with counted as (
    select
        source_id,
        license_id,
        count(*) as series,
        sum(size_bytes)::bigint as bytes
    from fct_series
    group by
        source_id,
        license_id
)

select
    counted.source_id,
    coalesce(counted.license_id, '(none, or several)') as licence,
    case dim_license.commercial_use_allowed
        when true then 'allowed'
        when false then 'not allowed'
        else 'terms must be read'
    end as commercial_use,
    counted.series,
    counted.bytes
from counted
left join dim_license on counted.license_id = dim_license.license_id
qualify row_number() over (partition by counted.source_id order by counted.series desc, counted.license_id) <= 12
order by
    counted.source_id,
    counted.series desc,
    counted.license_id
