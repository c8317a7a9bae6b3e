-- Grain: one modality that one imaging study of the portal states.

with elements as (

    select
        source_id,
        study_node_id,
        study_natural_key,
        unnest({{ distinct_values('study_modality') }}) as element
    from {{ ref('stg_midrc__imaging_study') }}

)

select
    source_id,
    study_node_id,
    study_natural_key,
    {{ text_or_null('element') }} as modality
from elements
where {{ text_or_null('element') }} is not null
