-- Grain: one figure of the comparison report of February 2026 with the value that today's data gives it.
--
-- The value is a count, found by its coordinates (map_published_figure), or two counts held against each other; nothing is taken
-- from what was published. A count that has no records is zero when its dataset is landed and unknown when it is not.

{{ config(materialized='view') }}

with counts as (

    select
        source_id,
        entity,
        dimension,
        dimension_value,
        metric,
        is_proxy,
        counted
    from {{ ref('int_counts') }}

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
        and releases.role = 'described'

),

measured as (

    select
        figures.figure_id,
        figures.formula,
        figures.comparison,
        figures.rounded_to,
        figures.reason,
        figures.note,
        figures.source_id,
        figures.dataset,
        landed.status as landing_status,
        landed.upstream_version,
        case
            when landed.status = 'landed' then coalesce(exact.counted, 0)
            when figures.accepts_proxy then proxies.counted
        end as counted,
        coalesce(landed.status <> 'landed' and figures.accepts_proxy and proxies.counted is not null, false) as is_proxy,
        figures.base_source_id,
        bases.counted as base_counted
    from {{ ref('map_published_figure') }} as figures
    left join landed
        on figures.source_id = landed.source_id
        and figures.dataset = landed.dataset
    {%- for alias, condition in {'exact': 'not exact.is_proxy', 'proxies': 'proxies.is_proxy'}.items() %}
    left join counts as {{ alias }}
        on figures.source_id = {{ alias }}.source_id
        and figures.entity = {{ alias }}.entity
        and figures.dimension = {{ alias }}.dimension
        and figures.dimension_value = {{ alias }}.dimension_value
        and figures.metric = {{ alias }}.metric
        and {{ condition }}
    {%- endfor %}
    left join counts as bases
        on figures.base_source_id = bases.source_id
        and figures.entity = bases.entity
        and bases.dimension = 'total'
        and figures.metric = bases.metric
        and not bases.is_proxy

)

select
    figure_id,
    comparison,
    rounded_to,
    reason,
    note,
    source_id,
    dataset,
    base_source_id,
    landing_status,
    upstream_version,
    is_proxy,
    -- Each branch by itself: a count must not pass through a floating-point number. Rounded before it is cast (percent_of).
    case formula
        when 'count' then cast(counted as decimal(28, 6))
        when 'gigabytes' then cast(round(counted / 1e3) / 1e6 as decimal(28, 6))
        when 'terabytes' then cast(round(counted / 1e6) / 1e6 as decimal(28, 6))
        when 'percent of' then cast(round(1e8 * counted / nullif(base_counted, 0)) / 1e6 as decimal(28, 6))
        when 'percent above'
            then cast(round(1e8 * (counted - base_counted) / nullif(base_counted, 0)) / 1e6 as decimal(28, 6))
    end as value_today
from measured
