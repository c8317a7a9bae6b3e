-- Grain: one day, counted from one study of MIDRC, on which a COVID-19 test of one result was made.
--
-- Two records say it: the study states the days itself, and the measurements of its case have a day from the index event, from
-- which the day of the study is taken. The second way is open only to a study of one case, whose index event both count from.

with stated as (

    select
        {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
        result,
        days_from_study
    from {{ ref('int_midrc__study_covid_tests') }}

),

measured as (

    select
        studies.study_key,
        lower(measurements.test_result) as result,
        cast(round(measurements.days_from_index - studies.days_to_study) as {{ dbt.type_bigint() }}) as days_from_study,
        measurements.measurement_key
    from {{ ref('fct_study') }} as studies
    inner join {{ ref('bridge_measurement_case') }} as links
        on studies.patient_key = links.patient_key
    inner join {{ ref('fct_measurement') }} as measurements
        on links.measurement_key = measurements.measurement_key
    where
        studies.source_id = 'midrc'
        and studies.patient_count = 1
        and studies.days_to_study is not null
        and measurements.days_from_index is not null
        and lower(measurements.test_name) = 'covid-19'
        and lower(measurements.test_result) in ('positive', 'negative')

),

counted as (

    select
        study_key,
        result,
        days_from_study,
        count(distinct measurement_key) as measurement_count,
        min(measurement_key) as first_key
    from measured
    group by
        study_key,
        result,
        days_from_study

)

select
    coalesce(stated.study_key, counted.study_key) as study_key,
    coalesce(stated.result, counted.result) as result,
    coalesce(stated.days_from_study, counted.days_from_study) as days_from_study,
    stated.study_key is not null as is_stated,
    coalesce(counted.measurement_count, 0) as measurement_count,
    case when counted.measurement_count = 1 then counted.first_key end as measurement_key
from stated
full outer join counted
    on stated.study_key = counted.study_key
    and stated.result = counted.result
    and stated.days_from_study = counted.days_from_study
