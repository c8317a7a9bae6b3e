-- Grain: one series that differs between an IDC release and the one before it, of the releases that this snapshot reads.
--
-- A column that the index of one of the two releases lacks is not compared, nor are sizes, which upstream rounds up to release 23.

{%- set compared = {
    'collection_id': 'collection_id',
    'analysis_result_id': 'analysis_result_id',
    'patient_id': 'PatientID',
    'study_instance_uid': 'StudyInstanceUID',
    'source_doi': 'source_DOI',
    'patient_age_raw': 'PatientAge',
    'patient_sex_raw': 'PatientSex',
    'study_date': 'StudyDate',
    'study_description': 'StudyDescription',
    'body_part_examined': 'BodyPartExamined',
    'modality': 'Modality',
    'sop_class_uid': 'SOPClassUID', 'sop_class_name': 'sop_class_name',
    'transfer_syntax_uid': 'TransferSyntaxUID', 'transfer_syntax_name': 'transfer_syntax_name',
    'photometric_interpretation': 'PhotometricInterpretation',
    'pixel_representation': 'PixelRepresentation',
    'manufacturer': 'Manufacturer', 'manufacturer_model_name': 'ManufacturerModelName',
    'series_date': 'SeriesDate', 'series_description': 'SeriesDescription',
    'series_number': 'SeriesNumber',
    'instance_count': 'instanceCount',
    'license_raw': 'license_short_name'
} %}
{%- set differing, names = [], [] %}
{%- for column, landed in compared.items() %}
{%- set differs = "(earlier." ~ column ~ " is distinct from later." ~ column ~ " and earlier.absent_columns not like '%," ~ landed
    ~ ",%' and later.absent_columns not like '%," ~ landed ~ ",%')" %}
{%- do differing.append(differs) %}
{%- do names.append("case when " ~ differs ~ " then '" ~ column ~ "' end") %}
{%- endfor %}

with pairs as (

    select
        compared_idc_version as from_idc_version,
        idc_version as to_idc_version,
        compared_upstream_version as from_upstream_version,
        upstream_version as to_upstream_version
    from {{ ref('int_idc__compared_release') }}
    where compared_idc_version is not null

),

earlier as (

    select
        history.*,
        pairs.to_idc_version
    from {{ ref('stg_landing__idc_history') }} as history
    inner join pairs
        on history.idc_version = pairs.from_idc_version

),

later as (

    select
        history.*,
        pairs.to_idc_version
    from {{ ref('stg_landing__idc_history') }} as history
    inner join pairs
        on history.idc_version = pairs.to_idc_version

),

changes as (

    select
        coalesce(later.to_idc_version, earlier.to_idc_version) as to_idc_version,
        coalesce(later.series_instance_uid, earlier.series_instance_uid) as series_instance_uid,
        coalesce(later.study_instance_uid, earlier.study_instance_uid) as study_instance_uid,
        coalesce(later.patient_id, earlier.patient_id) as patient_id,
        coalesce(later.collection_id, earlier.collection_id) as collection_id,
        earlier.crdc_series_uuid as from_crdc_series_uuid,
        later.crdc_series_uuid as to_crdc_series_uuid,
        case
            when earlier.series_instance_uid is null then 'added'
            when later.series_instance_uid is null then 'removed'
            when earlier.crdc_series_uuid <> later.crdc_series_uuid then 'revised'
            else 'metadata only'
        end as change_kind,
        case
            when earlier.series_instance_uid is not null and later.series_instance_uid is not null
                then {{ list_of_known(names) }}
        end as changed_columns
    from earlier
    full outer join later
        on earlier.to_idc_version = later.to_idc_version
        and earlier.series_instance_uid = later.series_instance_uid
    where
        earlier.series_instance_uid is null
        or later.series_instance_uid is null
        or earlier.crdc_series_uuid <> later.crdc_series_uuid
        or {{ differing | join('\n        or ') }}

)

select
    {{ surrogate_key(["'idc'", 'changes.series_instance_uid', 'changes.to_idc_version']) }} as series_change_key,
    {{ surrogate_key(["'idc'"]) }} as source_key,
    'idc' as source_id,
    pairs.from_idc_version,
    pairs.to_idc_version,
    pairs.from_upstream_version,
    pairs.to_upstream_version,
    changes.collection_id,
    changes.patient_id,
    changes.study_instance_uid,
    changes.series_instance_uid,
    changes.change_kind,
    changes.changed_columns,
    changes.from_crdc_series_uuid,
    changes.to_crdc_series_uuid
from changes
inner join pairs
    on changes.to_idc_version = pairs.to_idc_version
