-- Grain: one combination of source, repository, person, collection, modality, body part, licence and analysis result, with the
-- series that share it.
--
-- What the reports count series by, in a sixth of their number. In IDC a person is a PatientID in whatever collection, as the
-- published reports count; elsewhere it is the patient of the record.

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
    license_raw,
    analysis_result_id,
    case
        when collection_count > 1 then true
        else false
    end as has_several_collections,
    count(*) as series_count,
    sum(instance_count) as instance_count,
    sum(size_bytes) as size_bytes
from {{ ref('fct_series') }}
group by
    source_id,
    repository_id,
    case
        when source_id <> 'idc' then patient_key
        when patient_id is not null then {{ surrogate_key(['patient_id']) }}
    end,
    collection_key,
    modality,
    body_part_examined,
    license_key,
    license_raw,
    analysis_result_id,
    case
        when collection_count > 1 then true
        else false
    end
