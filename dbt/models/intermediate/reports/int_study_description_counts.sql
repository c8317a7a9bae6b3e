-- Grain: one StudyDescription with the number of its series, as one system or repository describes them.

with descriptions as (

    select
        source_id,
        repository_id,
        coalesce(study_description, 'no data') as study_description,
        count(*) as series_count
    from {{ ref('fct_series') }}
    group by
        source_id,
        repository_id,
        coalesce(study_description, 'no data')

),

scoped as (

    {{ with_repositories('descriptions', ['study_description', 'series_count']) }}

),

counted as (

    {{ count_by_dimensions('scoped', ['study_description'], {'series': 'sum(series_count)'}) }}

)

{{ unpivot_metrics('counted', 'series', ['series']) }}
