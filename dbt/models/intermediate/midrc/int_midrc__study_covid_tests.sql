-- Grain: one day on which one imaging study of the portal states a COVID-19 test, and its result.

with positive as (

    select
        source_id,
        study_natural_key,
        {{ unnest_list(distinct_elements('days_from_study_to_pos_covid_test_values')) }} as days_from_study
    from {{ ref('stg_midrc__imaging_study') }}

),

negative as (

    select
        source_id,
        study_natural_key,
        {{ unnest_list(distinct_elements('days_from_study_to_neg_covid_test_values')) }} as days_from_study
    from {{ ref('stg_midrc__imaging_study') }}

)

select
    source_id,
    study_natural_key,
    'positive' as result,
    cast(days_from_study as {{ dbt.type_bigint() }}) as days_from_study
from positive
where days_from_study is not null
union all
select
    source_id,
    study_natural_key,
    'negative' as result,
    cast(days_from_study as {{ dbt.type_bigint() }}) as days_from_study
from negative
where days_from_study is not null
