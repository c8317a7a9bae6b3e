-- Grain: one licence of the series of one system or repository.

with counts as (

    select
        source_key,
        source_id,
        dimension_value as license,
        {{ metric_value('collections') }} as collection_count,
        {{ metric_value('patients') }} as patient_count,
        {{ metric_value('series') }} as series_count,
        {{ metric_value('instances') }} as instance_count,
        {{ metric_value('size_bytes') }} as size_bytes
    from {{ ref('rpt_counts') }}
    where
        entity = 'series'
        and dimension = 'license'
    group by
        source_key,
        source_id,
        dimension_value

),

totals as (

    select
        source_key,
        counted as series_count
    from {{ ref('rpt_counts') }}
    where
        entity = 'series'
        and dimension = 'total'
        and metric = 'series'

)

select
    {{ surrogate_key(['counts.source_id', 'counts.license']) }} as report_row_key,
    counts.source_key,
    counts.source_id,
    counts.license,
    licenses.attribution_required,
    licenses.commercial_use_allowed,
    counts.collection_count,
    counts.patient_count,
    counts.series_count,
    {{ percent_of('counts.series_count', 'totals.series_count') }} as series_percent,
    counts.instance_count,
    {{ gigabytes('counts.size_bytes') }} as size_gb
from counts
inner join totals
    on counts.source_key = totals.source_key
left join {{ ref('seed_license') }} as licenses
    on counts.license = licenses.license_short_name
