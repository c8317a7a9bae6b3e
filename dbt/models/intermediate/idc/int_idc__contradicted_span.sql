-- Grain: one span of an IDC series that an earlier release contradicts: it lies in the span and lacks the series.

with missing as (

    select distinct
        spans.series_instance_uid,
        spans.first_idc_version,
        spans.last_idc_version
    from {{ ref('int_idc__series_span') }} as spans
    inner join {{ ref('int_idc__covered_span') }} as covered
        on spans.first_idc_version = covered.first_idc_version
        and spans.last_idc_version = covered.last_idc_version
    left join {{ ref('stg_landing__idc_history') }} as history
        on covered.idc_version = history.idc_version
        and spans.series_instance_uid = history.series_instance_uid
    where history.series_instance_uid is null

)

select
    missing.series_instance_uid,
    missing.first_idc_version,
    missing.last_idc_version,
    min(history.idc_version) as first_seen_version
from missing
left join {{ ref('stg_landing__idc_history') }} as history
    on missing.series_instance_uid = history.series_instance_uid
    and history.idc_version between missing.first_idc_version and missing.last_idc_version
group by
    missing.series_instance_uid,
    missing.first_idc_version,
    missing.last_idc_version
