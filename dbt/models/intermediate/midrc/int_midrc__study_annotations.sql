-- Grain: one annotation in the record of one imaging study, by its position in the list.

with records as (

    select
        source_id,
        study_node_id,
        study_instance_uid,
        study_natural_key,
        unnest(cast(study_annotations as json[])) as record,
        cast(generate_subscripts(cast(study_annotations as json[]), 1) as integer) as record_number
    from {{ ref('stg_midrc__imaging_study') }}
    where study_annotations is not null

),

renamed as (

    select
        source_id,
        study_node_id,
        study_instance_uid,
        study_natural_key,
        record_number,
        {{ text_or_null("record ->> 'annotation_name'") }} as annotation_name,
        {{ text_or_null("record ->> 'annotation_method'") }} as annotation_method,
        {{ text_or_null("record ->> 'annotator_id'") }} as annotator_id,
        {{ text_or_null("record ->> 'airspace_disease_grading'") }} as airspace_disease_grading,
        {{ text_or_null("record ->> 'class_covid19_pneumonia'") }} as class_covid19_pneumonia,
        try_cast(record ->> 'midrc_mRALE_score' as bigint) as midrc_mrale_score,
        cast(record -> 'instance_uids' as varchar[]) as instance_uids
    from records

)

select
    source_id,
    study_node_id,
    study_instance_uid,
    study_natural_key,
    record_number,
    annotation_name,
    annotation_method,
    annotator_id,
    airspace_disease_grading,
    class_covid19_pneumonia,
    midrc_mrale_score,
    instance_uids
from renamed
