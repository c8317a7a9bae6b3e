-- Grain: one figure of the comparison report of February 2026.
--
-- The value of today is a count of rpt_counts, found by its coordinates (map_published_figure); nothing is taken from what was
-- published but the value that it is compared with. A count that has no records is zero when its dataset is landed and unknown
-- when it is not.

with figures as (

    select * from {{ ref('published_figures') }}

),

mapped as (

    select * from {{ ref('map_published_figure') }}

),

counts as (

    select * from {{ ref('rpt_counts') }}

),

landed as (

    select
        sources.source_id,
        releases.dataset,
        releases.status,
        releases.upstream_version
    from {{ ref('dim_source') }} as sources
    inner join {{ ref('dim_release') }} as releases
        on coalesce(sources.federated_by, sources.source_id) = releases.source_id

),

measured as (

    select
        mapped.figure_id,
        mapped.formula,
        mapped.comparison,
        mapped.rounded_to,
        mapped.reason,
        mapped.note,
        mapped.source_id,
        mapped.dataset,
        landed.status as landing_status,
        landed.upstream_version,
        case
            when landed.status = 'landed' then coalesce(counts.counted, 0)
            when mapped.accepts_proxy then proxies.counted
        end as counted,
        coalesce(landed.status <> 'landed' and mapped.accepts_proxy and proxies.counted is not null, false) as is_proxy,
        mapped.base_source_id,
        bases.counted as base_counted
    from mapped
    left join landed
        on mapped.source_id = landed.source_id
        and mapped.dataset = landed.dataset
    left join counts
        on mapped.source_id = counts.source_id
        and mapped.entity = counts.entity
        and mapped.dimension = counts.dimension
        and mapped.dimension_value = counts.dimension_value
        and mapped.metric = counts.metric
        and not counts.is_proxy
    left join counts as proxies
        on mapped.source_id = proxies.source_id
        and mapped.entity = proxies.entity
        and mapped.dimension = proxies.dimension
        and mapped.dimension_value = proxies.dimension_value
        and mapped.metric = proxies.metric
        and proxies.is_proxy
    left join counts as bases
        on mapped.base_source_id = bases.source_id
        and mapped.entity = bases.entity
        and bases.dimension = 'total'
        and mapped.metric = bases.metric
        and not bases.is_proxy

),

computed as (

    select
        measured.*,
        -- Each branch by itself: a count must not pass through a floating-point number.
        case formula
            when 'count' then cast(counted as decimal(28, 6))
            when 'gigabytes' then cast(counted / 1e9 as decimal(28, 6))
            when 'terabytes' then cast(counted / 1e12 as decimal(28, 6))
            when 'percent of' then cast(100.0 * counted / nullif(base_counted, 0) as decimal(28, 6))
            when 'percent above'
                then cast(100.0 * (counted - base_counted) / nullif(base_counted, 0) as decimal(28, 6))
        end as value_today
    from measured

),

judged as (

    select
        figures.figure_id,
        figures.system,
        figures.as_of,
        figures.entity,
        figures.dimension,
        figures.key as dimension_value,
        figures.metric,
        figures.published_value,
        figures.published_precision,
        figures.seed_section,
        computed.comparison,
        computed.rounded_to,
        computed.is_proxy,
        computed.value_today,
        computed.upstream_version,
        computed.landing_status,
        computed.reason,
        computed.note,
        computed.source_id,
        computed.dataset,
        computed.base_source_id,
        case computed.comparison
            when 'equal' then computed.value_today = figures.published_value
            when 'rounded'
                then cast(floor(computed.value_today / computed.rounded_to + 0.5) * computed.rounded_to as decimal(28, 6))
                    = figures.published_value
            when 'cut off'
                then cast(floor(computed.value_today / computed.rounded_to) * computed.rounded_to as decimal(28, 6))
                    = figures.published_value
            when 'at least' then computed.value_today >= figures.published_value
            when 'above' then computed.value_today > figures.published_value
            when 'below' then computed.value_today > 0 and computed.value_today < figures.published_value
        end as is_equal
    from figures
    left join computed
        on figures.figure_id = computed.figure_id

)

select
    figure_id,
    system,
    as_of,
    entity,
    dimension,
    dimension_value,
    metric,
    published_value,
    published_precision,
    comparison,
    rounded_to,
    value_today,
    cast(value_today - published_value as decimal(28, 6)) as difference,
    is_equal as agrees,
    case
        when value_today is null then 'not computed'
        when is_equal then 'agrees'
        else 'differs'
    end as status,
    case
        when value_today is not null then null
        when reason is not null then reason
        when landing_status = 'no load' then 'No release of ' || source_id || ' is landed'
        when landing_status = 'absent' then 'The landed release comes without ' || dataset
        when base_source_id is not null then 'Nothing of ' || base_source_id || ' is landed to compare with'
        else 'The figure has no definition in map_published_figure'
    end as not_computed_reason,
    is_proxy,
    upstream_version,
    note,
    seed_section
from judged
