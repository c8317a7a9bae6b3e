-- Grain: one annotation in the record of one case, by its position in the list.

with records as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        unnest(cast(case_annotations as json[])) as record,
        cast(generate_subscripts(cast(case_annotations as json[]), 1) as integer) as record_number
    from {{ ref('stg_midrc__case') }}
    where case_annotations is not null

),

renamed as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        record_number,
        {{ text_or_null("record ->> 'annotation_method'") }} as annotation_method,
        {{ text_or_null("record ->> 'annotator_id'") }} as annotator_id
    from records

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    annotation_method,
    annotator_id
from renamed
