-- Grain: one imaging study as one source describes it.
--
-- Series of one study may disagree on its date and description (derived objects carry their own): the study takes the
-- earliest date and the description that sorts first; fct_series keeps what each series says.

with series as (

    select
        source_id,
        study_instance_uid,
        study_date,
        study_description
    from {{ ref('stg_idc__idc_index') }}

),

studies as (

    select
        source_id,
        study_instance_uid,
        min(study_date) as study_date,
        count(distinct study_date) as study_date_count,
        min(study_description) as study_description,
        count(distinct study_description) as study_description_count
    from series
    group by
        source_id,
        study_instance_uid

)

select
    {{ surrogate_key(['source_id', 'study_instance_uid']) }} as study_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    source_id,
    study_instance_uid,
    study_date,
    study_date_count,
    study_description,
    study_description_count
from studies
