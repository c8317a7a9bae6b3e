-- Grain: one combination of source, repository, person, collection, modality, body part, licence and analysis result, with the
-- series that share it.
--
-- What the reports count series by, in a fifth of their number. In IDC a person is a PatientID in whatever collection, as the
-- published reports count; elsewhere it is the patient of the record. A licence is named as its harmonised term, where it has one.

with series as (

    select
        source_id,
        repository_id,
        case
            when source_id <> 'idc' then patient_key
            when patient_id is not null then {{ surrogate_key(['patient_id']) }}
        end as person_key,
        collection_key,
        modality,
        body_part_examined,
        license_key,
        coalesce(license_raw, {{ dicom_values('licenses_raw') }}) as license_raw,
        analysis_result_id,
        coalesce(collection_count > 1, false) as has_several_collections,
        instance_count,
        size_bytes
    from {{ ref('fct_series') }}

),

grouped as (

    select
        source_id,
        repository_id,
        person_key,
        collection_key,
        modality,
        body_part_examined,
        license_key,
        license_raw,
        analysis_result_id,
        has_several_collections,
        count(*) as series_count,
        sum(instance_count) as instance_count,
        sum(size_bytes) as size_bytes
    from series
    group by
        source_id,
        repository_id,
        person_key,
        collection_key,
        modality,
        body_part_examined,
        license_key,
        license_raw,
        analysis_result_id,
        has_several_collections

)

select
    grouped.source_id,
    grouped.repository_id,
    grouped.person_key,
    grouped.collection_key,
    grouped.modality,
    modalities.modality_kind,
    grouped.body_part_examined,
    case
        when licenses.is_mapped then licenses.license_short_name
        else grouped.license_raw
    end as license,
    grouped.analysis_result_id,
    grouped.has_several_collections,
    grouped.series_count,
    grouped.instance_count,
    grouped.size_bytes
from grouped
left join {{ ref('dim_modality') }} as modalities
    on grouped.modality = modalities.modality
left join {{ ref('dim_license') }} as licenses
    on grouped.license_key = licenses.license_key
