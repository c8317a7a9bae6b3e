-- Grain: one imaging study as one source describes it.
--
-- A study is keyed by its StudyInstanceUID. Where several records of a source share one, the first by node id keeps it and the
-- others are keyed by their node ids (is_repeated_uid); so are records without a UID. Studies that only series name have
-- is_described = false. IDC has no records of studies: its series may disagree on date and description (derived objects carry
-- their own), and the study takes the earliest date and the description that sorts first; fct_series keeps what each series says.

with idc_series as (

    select
        source_id,
        study_instance_uid,
        study_date,
        study_description
    from {{ ref('stg_idc__idc_index') }}
    where study_instance_uid is not null

),

idc_studies as (

    select
        source_id,
        study_instance_uid as natural_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        study_instance_uid,
        cast(null as {{ dbt.type_string() }}) as study_node_id,
        min(study_date) as study_date,
        count(distinct study_date) as study_date_count,
        cast(null as {{ dbt.type_bigint() }}) as study_year,
        cast(null as {{ dbt.type_string() }}) as study_year_shifted,
        min(study_description) as study_description,
        count(distinct study_description) as study_description_count
    from idc_series
    group by
        source_id,
        study_instance_uid

),

midrc_studies as (

    select
        source_id,
        study_natural_key as natural_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        study_instance_uid,
        study_node_id,
        cast(null as date) as study_date,
        0 as study_date_count,
        study_year,
        study_year_shifted,
        study_description,
        case when study_description is null then 0 else 1 end as study_description_count
    from {{ ref('stg_midrc__imaging_study') }}

),

bih_studies as (

    select
        source_id,
        study_natural_key as natural_key,
        commons_name,
        study_instance_uid,
        study_node_id,
        cast(null as date) as study_date,
        0 as study_date_count,
        cast(null as {{ dbt.type_bigint() }}) as study_year,
        cast(null as {{ dbt.type_string() }}) as study_year_shifted,
        study_description,
        case when study_description is null then 0 else 1 end as study_description_count
    from {{ ref('int_bih__imaging_study_keyed') }}

),

studies as (

    select * from idc_studies
    union all
    select * from midrc_studies
    union all
    select * from bih_studies

),

conformed as (

    select
        studies.*,
        case
            when studies.commons_name is not null
                then {{ repository_id('studies.commons_name', 'repositories.source_id') }}
        end as repository_id
    from studies
    left join {{ ref('seed_source') }} as repositories
        on lower(studies.commons_name) = lower(repositories.commons_name)

),

described as (

    select
        {{ surrogate_key(['source_id', 'natural_key']) }} as study_key,
        case
            when repository_id is not null then {{ surrogate_key(['repository_id']) }}
        end as repository_key,
        conformed.*
    from conformed

),

named as (

    select
        source_id,
        study_key,
        study_instance_uid
    from {{ ref('fct_series') }}
    where
        source_id <> 'idc'
        and study_key is not null

),

undescribed as (

    select distinct
        named.source_id,
        named.study_key,
        named.study_instance_uid
    from named
    left join described
        on named.study_key = described.study_key
    where described.study_key is null

)

select
    study_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    repository_key,
    source_id,
    repository_id,
    study_instance_uid,
    study_node_id,
    study_date,
    cast(study_date_count as {{ dbt.type_bigint() }}) as study_date_count,
    study_year,
    case
        when lower(study_year_shifted) in ('true', 'yes') then true
        when lower(study_year_shifted) in ('false', 'no') then false
    end as is_study_year_shifted,
    study_description,
    cast(study_description_count as {{ dbt.type_bigint() }}) as study_description_count,
    {{ is_dicom_uid('study_instance_uid') }} as has_valid_uid,
    coalesce(natural_key <> study_instance_uid, false) as is_repeated_uid,
    true as is_described
from described
union all
select
    study_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    cast(null as {{ dbt.type_bigint() }}) as repository_key,
    source_id,
    cast(null as {{ dbt.type_string() }}) as repository_id,
    study_instance_uid,
    cast(null as {{ dbt.type_string() }}) as study_node_id,
    cast(null as date) as study_date,
    cast(0 as {{ dbt.type_bigint() }}) as study_date_count,
    cast(null as {{ dbt.type_bigint() }}) as study_year,
    cast(null as boolean) as is_study_year_shifted,
    cast(null as {{ dbt.type_string() }}) as study_description,
    cast(0 as {{ dbt.type_bigint() }}) as study_description_count,
    {{ is_dicom_uid('study_instance_uid') }} as has_valid_uid,
    false as is_repeated_uid,
    false as is_described
from undescribed
