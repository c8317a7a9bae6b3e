-- Grain: one figure of the comparison report of February 2026, beside what today's data gives for it.

with compared as (

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
        today.comparison,
        today.rounded_to,
        today.is_proxy,
        today.value_today,
        today.upstream_version,
        today.landing_status,
        today.reason,
        today.note,
        today.source_id,
        today.dataset,
        today.base_source_id,
        case today.comparison
            when 'equal' then today.value_today = figures.published_value
            when 'rounded'
                then cast(floor(today.value_today / today.rounded_to + 0.5) * today.rounded_to as decimal(28, 6))
                    = figures.published_value
            when 'cut off'
                then cast(floor(today.value_today / today.rounded_to) * today.rounded_to as decimal(28, 6))
                    = figures.published_value
            when 'at least' then today.value_today >= figures.published_value
            when 'above' then today.value_today > figures.published_value
            when 'below' then today.value_today > 0 and today.value_today < figures.published_value
        end as is_equal
    from {{ ref('published_figures') }} as figures
    left join {{ ref('int_figure_values') }} as today
        on figures.figure_id = today.figure_id

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
from compared
