-- Grain: one revision of a DICOM series in one span of IDC releases; the release of this snapshot ends the span of its own series.

with release as (

    select cast(upstream_major_version as {{ dbt.type_bigint() }}) as idc_version
    from {{ ref('stg_landing__loads') }}
    where
        source_id = 'idc'
        and dataset = 'idc_index'

),

spans as (

    select
        series.source_id,
        series.collection_id,
        series.patient_id,
        series.study_instance_uid,
        series.series_instance_uid,
        series.modality,
        series.crdc_series_uuid,
        series.aws_bucket,
        series.size_bytes,
        series.revised_idc_version as first_idc_version,
        release.idc_version as last_idc_version,
        true as is_in_release
    from {{ ref('stg_idc__idc_index') }} as series
    cross join release
    union all
    select
        source_id,
        collection_id,
        patient_id,
        study_instance_uid,
        series_instance_uid,
        modality,
        crdc_series_uuid,
        aws_bucket,
        size_bytes,
        first_idc_version,
        last_idc_version,
        false as is_in_release
    from {{ ref('stg_idc__prior_versions_index') }}

),

-- Only these can have several spans.
earlier_series as (

    select distinct series_instance_uid as earlier_series_uid
    from {{ ref('stg_idc__prior_versions_index') }}
    where series_instance_uid is not null

),

marked as (

    select
        spans.*,
        earlier_series.earlier_series_uid is not null as has_earlier_revision
    from spans
    left join earlier_series
        on spans.series_instance_uid = earlier_series.earlier_series_uid

),

neighbours as (

    select
        marked.*,
        max(last_idc_version) over (
            partition by series_instance_uid
            order by coalesce(first_idc_version, last_idc_version) nulls last, last_idc_version nulls last, crdc_series_uuid nulls last
            rows between unbounded preceding and 1 preceding
        ) as last_before,
        min(coalesce(first_idc_version, last_idc_version)) over (
            partition by series_instance_uid
            order by coalesce(first_idc_version, last_idc_version) nulls last, last_idc_version nulls last, crdc_series_uuid nulls last
            rows between 1 following and unbounded following
        ) as first_after
    from marked
    where has_earlier_revision

)

select
    source_id,
    collection_id,
    patient_id,
    study_instance_uid,
    series_instance_uid,
    modality,
    crdc_series_uuid,
    aws_bucket,
    size_bytes,
    first_idc_version,
    last_idc_version,
    is_in_release,
    coalesce(last_before >= coalesce(first_idc_version, last_idc_version), false)
    or coalesce(first_after <= last_idc_version, false) as overlaps_other_span
from neighbours
union all
select
    source_id,
    collection_id,
    patient_id,
    study_instance_uid,
    series_instance_uid,
    modality,
    crdc_series_uuid,
    aws_bucket,
    size_bytes,
    first_idc_version,
    last_idc_version,
    is_in_release,
    false as overlaps_other_span
from marked
where not has_earlier_revision
