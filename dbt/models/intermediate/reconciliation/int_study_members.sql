-- Grain: one imaging study as one side describes it.
--
-- A study is known by its StudyInstanceUID; a record without one stands alone under its key. Ages are compared in whole years.

select
    coalesce(
        studies.study_instance_uid,
        studies.source_id || ':' || cast(studies.study_key as {{ dbt.type_string() }})
    ) as natural_id,
    {{ crosswalk_side('studies.source_id', 'studies.repository_id') }} as side,
    studies.study_key as row_key,
    facts.modalities,
    cast(floor(facts.age_at_imaging_years) as {{ dbt.type_bigint() }}) as age_years
from {{ ref('dim_study') }} as studies
left join {{ ref('fct_study') }} as facts
    on studies.study_key = facts.study_key
where studies.is_described
