-- Grain: one value of one attribute of the patients of one system or repository, as the source writes it or harmonised.

with counts as (

    select
        source_key,
        source_id,
        case dimension
            when 'covid19_positive' then 'covid19_status'
            else replace(dimension, '_harmonised', '')
        end as attribute,
        dimension like '%_harmonised' as is_harmonised,
        dimension_value as attribute_value,
        counted as patient_count
    from {{ ref('int_record_counts') }}
    where
        entity = 'patient'
        and dimension in (
            'sex',
            'race',
            'ethnicity',
            'covid19_positive',
            'sex_harmonised',
            'race_harmonised',
            'ethnicity_harmonised',
            'covid19_status_harmonised'
        )

)

select
    {{ surrogate_key(['counts.source_id', 'counts.attribute', 'counts.is_harmonised', 'counts.attribute_value']) }}
        as report_row_key,
    counts.source_key,
    counts.source_id,
    counts.attribute,
    counts.is_harmonised,
    counts.attribute_value,
    counts.patient_count,
    {{ percent_of('counts.patient_count', 'totals.patient_count') }} as patient_percent
from counts
left join {{ ref('int_scale') }} as totals
    on counts.source_key = totals.source_key
