-- Grain: one study of the IDC release, in the shape of dim_study.
--
-- IDC has no records of studies. Its series may disagree on date and description (derived objects carry their own): the study has
-- the earliest date and the description that sorts first.

with series_values as (

    select distinct
        study_instance_uid,
        study_date,
        study_description
    from {{ ref('stg_idc__idc_index') }}
    where study_instance_uid is not null

),

studies as (

    select
        study_instance_uid,
        count(*) as value_count,
        min(study_date) as study_date,
        min(study_description) as study_description
    from series_values
    group by study_instance_uid

),

-- Almost every study has one date and one description: only the others are counted.
disagreeing as (

    select
        series_values.study_instance_uid,
        count(distinct series_values.study_date) as study_date_count,
        count(distinct series_values.study_description) as study_description_count
    from series_values
    inner join studies
        on series_values.study_instance_uid = studies.study_instance_uid
    where studies.value_count > 1
    group by series_values.study_instance_uid

)

select
    {{ surrogate_key(["'idc'", 'studies.study_instance_uid']) }} as study_key,
    {{ surrogate_key(["'idc'"]) }} as source_key,
    'idc' as source_id,
    studies.study_instance_uid,
    studies.study_date,
    coalesce(disagreeing.study_date_count, case when studies.study_date is null then 0 else 1 end) as study_date_count,
    studies.study_description,
    coalesce(
        disagreeing.study_description_count,
        case when studies.study_description is null then 0 else 1 end
    ) as study_description_count,
    {{ is_dicom_uid('studies.study_instance_uid') }} as has_valid_uid,
    false as is_repeated_uid,
    true as is_described
from studies
left join disagreeing
    on studies.study_instance_uid = disagreeing.study_instance_uid
