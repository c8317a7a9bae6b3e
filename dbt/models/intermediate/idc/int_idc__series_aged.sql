-- Grain: one DICOM series of the IDC release, with the age that its age string tells of a person, placeholders kept apart.

with judged as (

    select
        series.*,
        {{ is_placeholder_age(
            'series.patient_age_raw',
            'series.patient_age_stated_years',
            'of_children.collection_id is not null',
        ) }} as age_is_placeholder
    from {{ ref('stg_idc__idc_index') }} as series
    left join {{ ref('int_idc__children_collection') }} as of_children
        on series.collection_id = of_children.collection_id

)

select
    judged.*,
    case when not age_is_placeholder then patient_age_stated_years end as patient_age_years
from judged
