-- Grain: one patient of IDC, case of MIDRC or subject of a repository that the BDF Imaging Hub federates.
--
-- In IDC a PatientID is unique only inside its collection, so the collection is a part of the key. A MIDRC case and a subject of
-- the Hub are known by their submitter ids; where several records share one, the first by node id keeps it and the others are
-- keyed by their node ids. Patients that studies or series name and that have no record have is_described = false. What IDC's
-- series and the Hub's studies say of a patient is gathered here; the Hub's subjects themselves only tell the race.

with idc_series as (

    select
        series.source_id,
        series.collection_id,
        series.patient_id,
        series.patient_sex_raw,
        series.patient_age_years,
        case
            when series.patient_sex_raw is not null then coalesce(map_sex.sex, 'unmapped')
        end as sex
    from {{ ref('stg_idc__idc_index') }} as series
    left join {{ ref('map_sex') }} as map_sex
        on series.source_id = map_sex.source_id
        and lower(series.patient_sex_raw) = lower(map_sex.sex_raw)
    where
        series.collection_id is not null
        and series.patient_id is not null

),

idc_gathered as (

    select
        source_id,
        collection_id,
        patient_id,
        count(distinct sex) as sex_count,
        min(sex) as first_sex,
        {{ dbt.listagg('distinct patient_sex_raw', "', '", 'order by patient_sex_raw') }} as sex_raw,
        min(patient_age_years) as age_years_min,
        max(patient_age_years) as age_years_max
    from idc_series
    group by
        source_id,
        collection_id,
        patient_id

),

idc_patients as (

    select
        source_id,
        collection_id as key_collection_id,
        patient_id as natural_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        collection_id,
        collection_id as collection_natural_key,
        patient_id,
        cast(null as {{ dbt.type_string() }}) as patient_node_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        case
            when sex_count = 0 then 'missing'
            when sex_count > 1 then 'conflicting'
            else first_sex
        end as sex,
        sex_raw,
        age_years_min as age_years,
        age_years_min,
        age_years_max,
        'not applicable' as race,
        cast(null as {{ dbt.type_string() }}) as race_raw,
        'not applicable' as ethnicity,
        cast(null as {{ dbt.type_string() }}) as ethnicity_raw,
        'not applicable' as covid19_status,
        cast(null as {{ dbt.type_string() }}) as covid19_positive_raw,
        cast(null as {{ dbt.type_string() }}) as index_event,
        cast(null as {{ dbt.type_string() }}) as zip,
        true as is_described
    from idc_gathered

),

midrc_cases as (

    select
        cases.source_id,
        cases.patient_natural_key as natural_key,
        cases.collection_id,
        cases.case_id as patient_id,
        cases.case_node_id as patient_node_id,
        cases.project_id,
        case
            when cases.sex_raw is null then 'missing'
            else coalesce(map_sex.sex, 'unmapped')
        end as sex,
        cases.sex_raw,
        cases.age_at_index_years,
        case
            when cases.race_raw is null then 'missing'
            else coalesce(map_race.race, 'unmapped')
        end as race,
        cases.race_raw,
        case
            when cases.ethnicity_raw is null then 'missing'
            else coalesce(map_ethnicity.ethnicity, 'unmapped')
        end as ethnicity,
        cases.ethnicity_raw,
        case
            when cases.covid19_positive_raw is null then 'missing'
            else coalesce(map_covid19_status.covid19_status, 'unmapped')
        end as covid19_status,
        cases.covid19_positive_raw,
        cases.index_event,
        cases.zip
    from {{ ref('int_midrc__case_terms') }} as cases
    left join {{ ref('map_sex') }} as map_sex
        on cases.source_id = map_sex.source_id
        and lower(cases.sex_raw) = lower(map_sex.sex_raw)
    left join {{ ref('map_race') }} as map_race
        on cases.source_id = map_race.source_id
        and lower(cases.race_raw) = lower(map_race.race_raw)
    left join {{ ref('map_ethnicity') }} as map_ethnicity
        on cases.source_id = map_ethnicity.source_id
        and lower(cases.ethnicity_raw) = lower(map_ethnicity.ethnicity_raw)
    left join {{ ref('map_covid19_status') }} as map_covid19_status
        on cases.source_id = map_covid19_status.source_id
        and lower(cases.covid19_positive_raw) = lower(map_covid19_status.covid19_positive_raw)

),

midrc_patients as (

    select
        source_id,
        cast(null as {{ dbt.type_string() }}) as key_collection_id,
        natural_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        collection_id,
        collection_id as collection_natural_key,
        patient_id,
        patient_node_id,
        project_id,
        sex,
        sex_raw,
        age_at_index_years as age_years,
        age_at_index_years as age_years_min,
        age_at_index_years as age_years_max,
        race,
        race_raw,
        ethnicity,
        ethnicity_raw,
        covid19_status,
        covid19_positive_raw,
        index_event,
        zip,
        true as is_described
    from midrc_cases

),

-- A subject has some studies, which rarely disagree: first the different values, then the patients.
bih_study_values as (

    select
        patient_natural_key,
        sex_raw,
        ethnicity_raw,
        min(age_at_imaging_years) as age_years_min,
        max(age_at_imaging_years) as age_years_max
    from {{ ref('int_bih__imaging_study_subjects') }}
    group by
        patient_natural_key,
        sex_raw,
        ethnicity_raw

),

bih_mapped as (

    select
        bih_values.patient_natural_key,
        bih_values.sex_raw,
        case
            when bih_values.sex_raw is not null then coalesce(map_sex.sex, 'unmapped')
        end as sex,
        bih_values.ethnicity_raw,
        case
            when bih_values.ethnicity_raw is not null then coalesce(map_ethnicity.ethnicity, 'unmapped')
        end as ethnicity,
        bih_values.age_years_min,
        bih_values.age_years_max
    from bih_study_values as bih_values
    left join {{ ref('map_sex') }} as map_sex
        on map_sex.source_id = 'bih'
        and lower(bih_values.sex_raw) = lower(map_sex.sex_raw)
    left join {{ ref('map_ethnicity') }} as map_ethnicity
        on map_ethnicity.source_id = 'bih'
        and lower(bih_values.ethnicity_raw) = lower(map_ethnicity.ethnicity_raw)

),

bih_gathered as (

    select
        patient_natural_key,
        min(sex) as first_sex,
        max(sex) as last_sex,
        {{ dbt.listagg('distinct sex_raw', "', '", 'order by sex_raw') }} as sex_raw,
        min(ethnicity) as first_ethnicity,
        max(ethnicity) as last_ethnicity,
        {{ dbt.listagg('distinct ethnicity_raw', "', '", 'order by ethnicity_raw') }} as ethnicity_raw,
        min(age_years_min) as age_years_min,
        max(age_years_max) as age_years_max
    from bih_mapped
    group by patient_natural_key

),

bih_subjects as (

    select
        subjects.patient_natural_key as natural_key,
        subjects.commons_name,
        subjects.collection_id,
        subjects.collection_natural_key,
        subjects.subject_id as patient_id,
        subjects.subject_node_id as patient_node_id,
        subjects.project_id,
        case
            when subjects.race_raw is null then 'missing'
            else coalesce(map_race.race, 'unmapped')
        end as race,
        subjects.race_raw,
        true as is_described
    from {{ ref('int_bih__subject_keyed') }} as subjects
    left join {{ ref('map_race') }} as map_race
        on subjects.source_id = map_race.source_id
        and lower(subjects.race_raw) = lower(map_race.race_raw)

),

-- What studies tell of is named by studies; series name patients that fct_series has the keys of.
bih_identified as (

    select * from bih_subjects
    union all
    select
        gathered.patient_natural_key as natural_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        cast(null as {{ dbt.type_string() }}) as collection_id,
        cast(null as {{ dbt.type_string() }}) as collection_natural_key,
        gathered.patient_natural_key as patient_id,
        cast(null as {{ dbt.type_string() }}) as patient_node_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        'missing' as race,
        cast(null as {{ dbt.type_string() }}) as race_raw,
        false as is_described
    from bih_gathered as gathered
    left join bih_subjects
        on gathered.patient_natural_key = bih_subjects.natural_key
    where bih_subjects.natural_key is null

),

bih_patients as (

    select
        'bih' as source_id,
        cast(null as {{ dbt.type_string() }}) as key_collection_id,
        identified.natural_key,
        identified.commons_name,
        identified.collection_id,
        identified.collection_natural_key,
        identified.patient_id,
        identified.patient_node_id,
        identified.project_id,
        case
            when gathered.first_sex is null then 'missing'
            when gathered.first_sex <> gathered.last_sex then 'conflicting'
            else gathered.first_sex
        end as sex,
        gathered.sex_raw,
        gathered.age_years_min as age_years,
        gathered.age_years_min,
        gathered.age_years_max,
        identified.race,
        identified.race_raw,
        case
            when gathered.first_ethnicity is null then 'missing'
            when gathered.first_ethnicity <> gathered.last_ethnicity then 'conflicting'
            else gathered.first_ethnicity
        end as ethnicity,
        gathered.ethnicity_raw,
        'not applicable' as covid19_status,
        cast(null as {{ dbt.type_string() }}) as covid19_positive_raw,
        cast(null as {{ dbt.type_string() }}) as index_event,
        cast(null as {{ dbt.type_string() }}) as zip,
        identified.is_described
    from bih_identified as identified
    left join bih_gathered as gathered
        on identified.natural_key = gathered.patient_natural_key

),

patients as (

    select * from idc_patients
    union all
    select * from midrc_patients
    union all
    select * from bih_patients

),

conformed as (

    select
        patients.*,
        case
            when patients.commons_name is not null
                then {{ repository_id('patients.commons_name', 'repositories.source_id') }}
        end as repository_id
    from patients
    left join {{ ref('seed_source') }} as repositories
        on lower(patients.commons_name) = lower(repositories.commons_name)

),

described as (

    select
        {{ surrogate_key(['source_id', 'key_collection_id', 'natural_key']) }} as patient_key,
        case
            when repository_id is not null then {{ surrogate_key(['repository_id']) }}
        end as repository_key,
        case
            when collection_natural_key is not null then {{ surrogate_key(['source_id', 'collection_natural_key']) }}
        end as collection_key,
        conformed.*
    from conformed

),

named as (

    select
        source_id,
        patient_key,
        patient_id
    from {{ ref('fct_series') }}
    where
        source_id <> 'idc'
        and patient_key is not null
    union all
    select
        source_id,
        {{ surrogate_key(['source_id', "''", 'case_id']) }} as patient_key,
        case_id as patient_id
    from {{ ref('int_midrc__study_cases') }}
    where patient_natural_key is null

),

undescribed as (

    select distinct
        named.source_id,
        named.patient_key,
        named.patient_id
    from named
    left join described
        on named.patient_key = described.patient_key
    where described.patient_key is null

)

select
    patient_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    repository_key,
    collection_key,
    source_id,
    repository_id,
    collection_id,
    patient_id,
    patient_node_id,
    project_id,
    sex,
    sex_raw,
    age_years,
    age_years_min,
    age_years_max,
    race,
    race_raw,
    ethnicity,
    ethnicity_raw,
    covid19_status,
    covid19_positive_raw,
    index_event,
    zip,
    is_described
from described
union all
select
    patient_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    cast(null as {{ dbt.type_bigint() }}) as repository_key,
    cast(null as {{ dbt.type_bigint() }}) as collection_key,
    source_id,
    cast(null as {{ dbt.type_string() }}) as repository_id,
    cast(null as {{ dbt.type_string() }}) as collection_id,
    patient_id,
    cast(null as {{ dbt.type_string() }}) as patient_node_id,
    cast(null as {{ dbt.type_string() }}) as project_id,
    'missing' as sex,
    cast(null as {{ dbt.type_string() }}) as sex_raw,
    cast(null as decimal(9, 3)) as age_years,
    cast(null as decimal(9, 3)) as age_years_min,
    cast(null as decimal(9, 3)) as age_years_max,
    'missing' as race,
    cast(null as {{ dbt.type_string() }}) as race_raw,
    'missing' as ethnicity,
    cast(null as {{ dbt.type_string() }}) as ethnicity_raw,
    case when source_id = 'midrc' then 'missing' else 'not applicable' end as covid19_status,
    cast(null as {{ dbt.type_string() }}) as covid19_positive_raw,
    cast(null as {{ dbt.type_string() }}) as index_event,
    cast(null as {{ dbt.type_string() }}) as zip,
    false as is_described
from undescribed
