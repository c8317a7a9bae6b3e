-- Grain: one annotation record.

with source as (

    select * from {{ source('midrc', 'annotation') }}

),

renamed as (

    select
        'midrc' as source_id,
        _annotation_id as annotation_node_id,
        submitter_id as annotation_id,
        auth_resource_path,
        project_id,
        case_ids,
        {{ text_or_null('annotation_method') }} as annotation_method,
        {{ text_or_null('annotation_name') }} as annotation_name,
        {{ text_or_null('annotator_id') }} as annotator_id,
        {{ text_or_null('airspace_disease_grading') }} as airspace_disease_grading,
        {{ text_or_null('class_covid19_pneumonia') }} as class_covid19_pneumonia,
        midrc_mRALE_score as midrc_mrale_score,
        instance_uids
    from source

)

select * from renamed
