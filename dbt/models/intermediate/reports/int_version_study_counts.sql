-- Grain: one IDC collection in one data release, with the studies and patients of its series by the spans of their revisions.

with study_spans as (

    select distinct
        collection_key,
        patient_id,
        study_instance_uid,
        case when first_idc_version is null then last_idc_version else counted_from_version end as first_idc_version,
        last_idc_version
    from {{ ref('fct_series_version') }}
    where collection_key is not null

)

select
    study_spans.collection_key,
    versions.idc_version,
    count(distinct study_spans.study_instance_uid) as study_count,
    count(distinct study_spans.patient_id) as patient_count
from study_spans
inner join {{ ref('dim_idc_version') }} as versions
    on versions.idc_version between study_spans.first_idc_version and study_spans.last_idc_version
group by
    study_spans.collection_key,
    versions.idc_version
