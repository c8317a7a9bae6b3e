-- Grain: one patient and study that series of a portal name together.
--
-- Patients and studies without a record of their own are looked for in both, so the series are read for them once.

{{ config(materialized='table') }}

select distinct
    source_id,
    patient_natural_key,
    case_id as patient_id,
    study_natural_key,
    study_instance_uid
from {{ ref('int_midrc__series_keyed') }}
union all
select distinct
    source_id,
    patient_natural_key,
    subject_id as patient_id,
    study_natural_key,
    study_instance_uid
from {{ ref('int_bih__imaging_series_keyed') }}
