-- Grain: one text of BodyPartExamined of the series of one system or repository.

with counts as (

    {{ pivot_metrics(['series'], 'body_part', 'body_part_examined', {
        'patients': 'patient_count',
        'series': 'series_count',
        'instances': 'instance_count',
        'size_bytes': 'size_bytes',
    }) }}

)

select
    {{ surrogate_key(['counts.source_id', 'counts.body_part_examined']) }} as report_row_key,
    counts.source_key,
    counts.source_id,
    counts.body_part_examined,
    map_body_part.body_part_id,
    terms.body_region,
    counts.patient_count,
    counts.series_count,
    {{ percent_of('counts.series_count', 'totals.series_count') }} as series_percent,
    counts.instance_count,
    {{ gigabytes('counts.size_bytes') }} as size_gb
from counts
left join {{ ref('int_scale') }} as totals
    on counts.source_key = totals.source_key
left join {{ ref('map_body_part') }} as map_body_part
    on upper(counts.body_part_examined) = map_body_part.body_part_raw
left join {{ ref('seed_body_part') }} as terms
    on map_body_part.body_part_id = terms.body_part_id
