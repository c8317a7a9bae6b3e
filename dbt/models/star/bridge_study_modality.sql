-- Grain: one modality of one study: that the study's record states, that its series have, or both.
--
-- Only MIDRC states modalities of studies. Derived objects (segmentations, reports) are series of a study, too.

with stated as (

    select
        {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
        modality
    from {{ ref('int_midrc__study_modalities') }}

),

in_series as (

    select
        study_key,
        modality,
        count(*) as series_count
    from {{ ref('fct_series') }}
    where
        study_key is not null
        and modality is not null
    group by
        study_key,
        modality

),

modalities as (

    select
        study_key,
        modality,
        0 as series_count,
        1 as stated_count
    from stated
    union all
    select
        study_key,
        modality,
        series_count,
        0 as stated_count
    from in_series

)

select
    study_key,
    {{ surrogate_key(['modality']) }} as modality_key,
    modality,
    max(stated_count) = 1 as is_stated,
    cast(sum(series_count) as {{ dbt.type_bigint() }}) as series_count
from modalities
group by
    study_key,
    modality
