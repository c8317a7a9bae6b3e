-- Grain: one day of a year in which any date of the star lies.
--
-- Whole years, so that a chart over the calendar has no holes inside of a year; years without any date are left out, because
-- de-identified dates lie centuries apart.

with dates as (

    select study_date as day from {{ ref('stg_idc__idc_index') }}
    union
    select series_date as day from {{ ref('stg_idc__idc_index') }}
    union
    select study_date as day from {{ ref('stg_idc__gdc_idc_mapping') }}
    union
    select released_on as day from {{ ref('dim_idc_version') }}
    union
    select updated_on as day from {{ ref('dim_collection') }}
    union
    select metadata_source_date as day from {{ ref('dim_collection') }}
    union
    select updated_on as day from {{ ref('dim_analysis_result') }}

),

years as (

    select distinct {{ first_day_of_year('day') }} as first_day
    from dates
    where day is not null

),

numbered as (

    select
        first_day,
        {{ numbers_up_to(365) }} as number
    from years

),

days as (

    select
        first_day,
        {{ days_after('first_day', 'number') }} as day
    from numbered

)

select
    day as date_day,
    cast(extract(year from day) as {{ dbt.type_int() }}) as calendar_year,
    cast(extract(quarter from day) as {{ dbt.type_int() }}) as quarter_of_year,
    cast(extract(month from day) as {{ dbt.type_int() }}) as month_of_year,
    cast(extract(day from day) as {{ dbt.type_int() }}) as day_of_month,
    cast({{ iso_day_of_week('day') }} as {{ dbt.type_int() }}) as day_of_week,
    {{ days_after('day', '1 - extract(day from day)') }} as first_day_of_month
from days
-- A year that is no leap year has no 366th day.
where {{ first_day_of_year('day') }} = first_day
