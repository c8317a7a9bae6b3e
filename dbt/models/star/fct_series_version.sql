-- Grain: one revision of a DICOM series in one span of IDC releases; the release of this snapshot ends the span of its own series.

with covered as (

    select
        first_idc_version,
        last_idc_version,
        min(idc_version) as first_release
    from {{ ref('int_idc__covered_span') }}
    group by
        first_idc_version,
        last_idc_version

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
    -- A span that nothing contradicts is held by every release that it covers.
    case
        when contradicted.first_idc_version is not null then contradicted.first_seen_version
        else covered.first_release
    end as first_seen_version,
    case
        when contradicted.first_idc_version is not null then contradicted.first_seen_version
        else versions.first_idc_version
    end as counted_from_version,
    case
        when covered.first_release is not null then contradicted.first_idc_version is not null
    end as span_is_contradicted,
    versions.overlaps_other_span,
    versions.is_in_release,
    versions.size_bytes,
    versions.aws_bucket
from {{ ref('int_idc__series_span') }} as versions
left join {{ ref('int_idc__collection') }} as collections
    on versions.collection_id = collections.collection_id
left join covered
    on versions.first_idc_version = covered.first_idc_version
    and versions.last_idc_version = covered.last_idc_version
left join {{ ref('int_idc__contradicted_span') }} as contradicted
    on versions.series_instance_uid = contradicted.series_instance_uid
    and versions.first_idc_version = contradicted.first_idc_version
    and versions.last_idc_version = contradicted.last_idc_version
{{ join_modality('versions.modality') }}
