-- Grain: one licence of the series of one system or repository.

with counts as (

    {{ pivot_metrics(['series'], 'license', 'license', {
        'collections': 'collection_count',
        'patients': 'patient_count',
        'series': 'series_count',
        'instances': 'instance_count',
        'size_bytes': 'size_bytes',
    }) }}

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
left join {{ ref('int_scale') }} as totals
    on counts.source_key = totals.source_key
left join {{ ref('seed_license') }} as licenses
    on counts.license = licenses.license_short_name
