-- Grain: the number of studies, all or those of one modality, as one system or repository describes them.
--
-- A study counts for each modality that its series have (modality) and for each that its record states (study_modality); one of a
-- repository counts for the repository and for the Hub.

{% set metrics = {'studies': 'count(*)'} %}

with studies as (

    {{ with_repositories(ref('fct_study'), ['study_key', "'all' as total"]) }}

),

study_modalities as (

    select
        studies.source_id,
        case when modalities.series_count > 0 then modalities.modality end as modality,
        case when modalities.is_stated then modalities.modality end as study_modality
    from studies
    inner join {{ ref('bridge_study_modality') }} as modalities
        on studies.study_key = modalities.study_key

),

counted as (

    {{ count_by_dimensions('studies', ['total'], metrics) }}
    union all
    {{ count_by_dimensions('study_modalities', ['modality', 'study_modality'], metrics) }}

)

{{ unpivot_metrics('counted', 'study', metrics) }}
