-- Grain: one imaging study as one source describes it: a study over IDC's series, a study record of MIDRC, or a study record of a
-- repository that the BDF Imaging Hub federates.
--
-- Where a study names several patients, collections or licences, the key is null and the counts say so; the bridges have them all.
-- Modalities and body parts are those that the study's record states (MIDRC), otherwise those of its series. Counts of series,
-- instances and bytes are those of the series that name the study; the Hub tells neither instances nor bytes.

with series as (

    select
        study_key,
        count(*) as series_count,
        cast(sum(instance_count) as {{ dbt.type_bigint() }}) as instance_count,
        cast(sum(size_bytes) as {{ dbt.type_bigint() }}) as size_bytes,
        min(collection_key) as collection_key,
        case when min(patient_key) = max(patient_key) then min(patient_key) end as patient_key,
        case when min(license_key) = max(license_key) then min(license_key) end as license_key,
        min(patient_age_years) as age_years,
        {{ idc_viewer_url('min(study_instance_uid)', "count(case when modality = 'SM' then 1 end) > 0") }} as idc_viewer_url
    from {{ ref('fct_series') }}
    where study_key is not null
    group by study_key

),

modalities as (

    {{ listed_values(ref('bridge_study_modality'), 'modality', 'modality_key', 'series_count > 0') }}

),

body_parts as (

    {{ listed_values(ref('bridge_study_body_part'), 'body_part_examined', 'body_part_key', 'is_stated = false') }}

),

patients as (

    select
        study_key,
        count(*) as patient_count
    from {{ ref('bridge_study_patient') }}
    group by study_key

),

collections as (

    select
        study_key,
        count(*) as collection_count
    from {{ ref('bridge_study_collection') }}
    group by study_key

)

select
    studies.study_key,
    studies.source_key,
    coalesce(recorded.release_key, {{ surrogate_key(["'idc'", "'idc_index'"]) }}) as release_key,
    studies.repository_key,
    case when studies.source_id = 'idc' then series.patient_key else recorded.patient_key end as patient_key,
    case
        when studies.source_id <> 'idc' then recorded.collection_key
        when collections.collection_count = 1 then series.collection_key
    end as collection_key,
    case when studies.source_id = 'idc' then series.license_key else recorded.license_key end as license_key,
    case when studies.source_id = 'midrc' then recorded.modality_key else modalities.only_key end as modality_key,
    case when studies.source_id = 'midrc' then recorded.body_part_key else body_parts.only_key end as body_part_key,
    recorded.procedure_code_key,
    studies.source_id,
    studies.repository_id,
    studies.study_instance_uid,
    studies.study_node_id,
    recorded.license_raw,
    recorded.licenses_raw,
    studies.study_date,
    studies.study_year,
    studies.study_description,
    case when studies.source_id = 'midrc' then recorded.modalities else modalities.listed end as modalities,
    coalesce(recorded.modality_count, modalities.value_count, 0) as modality_count,
    case when studies.source_id = 'midrc' then recorded.body_parts_examined else body_parts.listed end as body_parts_examined,
    coalesce(recorded.body_part_count, body_parts.value_count, 0) as body_part_count,
    recorded.loinc_code,
    case when studies.source_id = 'idc' then series.age_years else recorded.age_at_imaging_years end as age_at_imaging_years,
    recorded.days_to_study,
    recorded.image_data_modified_raw,
    coalesce(recorded.patient_count, patients.patient_count, 0) as patient_count,
    coalesce(recorded.collection_count, collections.collection_count, 0) as collection_count,
    coalesce(series.series_count, 0) as series_count,
    case studies.source_id
        when 'idc' then series.instance_count
        when 'midrc' then coalesce(series.instance_count, 0)
    end as instance_count,
    case studies.source_id
        when 'idc' then series.size_bytes
        when 'midrc' then coalesce(series.size_bytes, 0)
    end as size_bytes,
    recorded.ct_series_file_count,
    recorded.cr_series_file_count,
    recorded.dx_series_file_count,
    recorded.mr_series_file_count,
    recorded.radiology_report_count,
    case studies.source_id when 'idc' then series.idc_viewer_url else recorded.viewer_url end as viewer_url
from {{ ref('dim_study') }} as studies
left join {{ ref('int_shared__portal_study') }} as recorded
    on studies.study_key = recorded.study_key
left join series
    on studies.study_key = series.study_key
left join modalities
    on studies.study_key = modalities.study_key
left join body_parts
    on studies.study_key = body_parts.study_key
left join patients
    on studies.study_key = patients.study_key
left join collections
    on studies.study_key = collections.study_key
where studies.is_described
