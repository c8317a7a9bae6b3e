-- Grain: one subject that one imaging series of the BDF Imaging Hub names.

with source as (

    select * from {{ source('bih', 'imaging_series') }}

),

elements as (

    select
        _imaging_series_id as series_node_id,
        {{ text_or_null('"SeriesInstanceUID"') }} as natural_id,
        project_id,
        unnest({{ distinct_values('subject_id') }}) as element
    from source

),

renamed as (

    select
        series_node_id,
        natural_id,
        project_id,
        {{ text_or_null('element') }} as subject_id
    from elements

)

select
    'bih' as source_id,
    renamed.series_node_id,
    coalesce(own_key.node_id, renamed.natural_id) as series_natural_key,
    renamed.project_id,
    renamed.subject_id,
    coalesce(referred.node_id, renamed.subject_id) as patient_natural_key
from renamed
left join {{ ref('int_bih__repeated_ids') }} as own_key
    on renamed.series_node_id = own_key.node_id
    and own_key.entity = 'imaging_series'
left join {{ ref('int_bih__repeated_ids') }} as referred
    on renamed.subject_id = referred.natural_id
    and renamed.project_id = referred.project_id
    and referred.entity = 'subject'
    and referred.is_referred_to
where renamed.subject_id is not null
