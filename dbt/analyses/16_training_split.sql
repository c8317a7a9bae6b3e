-- Which chest CT of people may be used commercially, split for training so that nobody is on both sides?
-- Asked in https://github.com/ImagingDataCommons/IDC-Tutorials/issues/21 and
-- https://github.com/MIC-DKFZ/medicaldetectiontoolkit/issues/7.
-- One row is one part of the split.
with people as (

    -- A PatientID of two collections may be one person: the two stay together. A key is a hash, so its remainder is
    -- the same in every snapshot.
    select
        patient_key,
        min(patient_key) over (partition by patient_id) % 10 as remainder
    from dim_patient
    where
        source_id = 'idc'
        and is_human

),

chosen as (

    select
        case
            when people.remainder < 8 then 'train'
            when people.remainder = 8 then 'validation'
            else 'test'
        end as split,
        series.patient_id,
        series.collection_id,
        series.size_bytes
    from fct_series as series
    join people
        on series.patient_key = people.patient_key
    join dim_license as licenses
        on series.license_key = licenses.license_key
    join dim_body_part as parts
        on series.body_part_key = parts.body_part_key
    where
        series.source_id = 'idc'
        and series.modality = 'CT'
        and parts.body_region = 'chest'
        and licenses.commercial_use_allowed

)

select
    split,
    count(distinct patient_id) as patients,
    count(distinct collection_id) as collections,
    count(*) as series,
    cast(sum(size_bytes) / 1000000000 as decimal(12, 1)) as size_gb
from chosen
group by split
order by
    series desc,
    split
