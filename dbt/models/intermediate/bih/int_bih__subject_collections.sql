-- Grain: one dataset that one subject of the BDF Imaging Hub names.

with source as (

    select * from {{ source('bih', 'subject') }}

),

elements as (

    select
        _subject_id as subject_node_id,
        {{ text_or_null('submitter_id') }} as natural_id,
        project_id,
        unnest({{ distinct_values('collection_id') }}) as element
    from source

),

renamed as (

    select
        subject_node_id,
        natural_id,
        project_id,
        {{ text_or_null('element') }} as collection_id
    from elements

)

select
    'bih' as source_id,
    renamed.subject_node_id,
    coalesce(own_key.node_id, renamed.natural_id) as patient_natural_key,
    renamed.project_id,
    renamed.collection_id,
    coalesce(referred.node_id, renamed.collection_id) as collection_natural_key
from renamed
left join {{ ref('int_bih__repeated_ids') }} as own_key
    on renamed.subject_node_id = own_key.node_id
    and own_key.entity = 'subject'
left join {{ ref('int_bih__repeated_ids') }} as referred
    on renamed.collection_id = referred.natural_id
    and renamed.project_id = referred.project_id
    and referred.entity = 'dataset'
    and referred.is_referred_to
where renamed.collection_id is not null
