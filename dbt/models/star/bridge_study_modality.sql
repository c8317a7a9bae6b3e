-- Grain: one modality of one study: that the study's record states, that its series have, or both.
--
-- Only MIDRC states modalities of studies. Derived objects (segmentations, reports) are series of a study, too.

with stated as (

    select
        {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
        {{ surrogate_key(['modality']) }} as modality_key,
        modality
    from {{ ref('int_midrc__study_modalities') }}

),

in_series as (

    select
        study_key,
        modality,
        min(modality_key) as modality_key,
        count(*) as series_count
    from {{ ref('fct_series') }}
    where
        study_key is not null
        and modality is not null
    group by
        study_key,
        modality

)

select
    coalesce(in_series.study_key, stated.study_key) as study_key,
    coalesce(in_series.modality_key, stated.modality_key) as modality_key,
    coalesce(in_series.modality, stated.modality) as modality,
    stated.study_key is not null as is_stated,
    coalesce(in_series.series_count, 0) as series_count
from in_series
full outer join stated
    on in_series.study_key = stated.study_key
    and in_series.modality = stated.modality
