-- Grain: one revision of a DICOM series in one span of IDC releases; the release of this snapshot ends the span of its own series.

with release as (

    select upstream_major_version as idc_version
    from {{ ref('stg_landing__loads') }}
    where
        source_id = 'idc'
        and dataset = 'idc_index'

),

current_series as (

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
        cast(release.idc_version as bigint) as last_idc_version,
        true as is_in_release
    from {{ ref('stg_idc__idc_index') }} as series
    cross join release

),

prior_series as (

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

versions as (

    select * from current_series
    union all
    select * from prior_series

)

select
    -- A revision without an identifier of its own is known by its series.
    {{ surrogate_key(["'idc'", 'coalesce(versions.crdc_series_uuid, versions.series_instance_uid)', 'versions.last_idc_version']) }}
        as series_version_key,
    {{ surrogate_key(["'idc'"]) }} as source_key,
    collections.collection_key,
    {{ modality_key('versions.modality') }} as modality_key,
    versions.source_id,
    versions.collection_id,
    versions.patient_id,
    versions.study_instance_uid,
    versions.series_instance_uid,
    versions.modality,
    versions.crdc_series_uuid,
    versions.first_idc_version,
    versions.last_idc_version,
    versions.is_in_release,
    versions.size_bytes,
    versions.aws_bucket
from versions
left join {{ ref('int_idc__collection') }} as collections
    on versions.collection_id = collections.collection_id
{{ join_modality('versions.modality') }}
