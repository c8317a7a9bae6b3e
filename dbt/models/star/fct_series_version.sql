-- Grain: one revision of a DICOM series in one span of IDC releases; the release of this snapshot ends the span of its own series.

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
    versions.overlaps_other_span,
    versions.is_in_release,
    versions.size_bytes,
    versions.aws_bucket
from {{ ref('int_idc__series_span') }} as versions
left join {{ ref('int_idc__collection') }} as collections
    on versions.collection_id = collections.collection_id
{{ join_modality('versions.modality') }}
