-- Grain: one race that one imaging study of the BDF Imaging Hub names.

with source as (

    select * from {{ source('bih', 'imaging_study') }}

),

elements as (

    select
        _imaging_study_id as study_node_id,
        project_id,
        unnest({{ distinct_values('race') }}) as element
    from source

),

renamed as (

    select
        study_node_id,
        project_id,
        {{ text_or_null('element') }} as race_raw
    from elements

)

select
    'bih' as source_id,
    study_node_id,
    project_id,
    race_raw
from renamed
where race_raw is not null
