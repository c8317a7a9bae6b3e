-- Grain: one imaging study in the record of one case, by its position in the list.

with records as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        unnest(cast(studies as json[])) as record,
        cast(generate_subscripts(cast(studies as json[]), 1) as integer) as record_number
    from {{ ref('stg_midrc__case') }}
    where studies is not null

),

renamed as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        record_number,
        {{ text_or_null("record ->> 'study_uid'") }} as study_instance_uid,
        try_cast(record ->> 'age_at_imaging' as decimal(9, 3)) as age_at_imaging_years,
        try_cast(record ->> 'age_at_imaging' as double) as age_at_imaging_raw,
        cast(record -> 'study_modality' as varchar[]) as study_modality,
        cast(record -> 'body_part_examined' as varchar[]) as body_part_examined,
        {{ text_or_null("record ->> 'study_description'") }} as study_description,
        record ->> 'study_description' as study_description_raw,
        try_cast(record ->> 'study_year' as bigint) as study_year,
        try_cast(record ->> 'days_to_study' as double) as days_to_study,
        cast(record -> 'days_from_study_to_neg_covid_test' as varchar[]) as days_from_study_to_neg_covid_test,
        cast(record -> 'days_from_study_to_pos_covid_test' as varchar[]) as days_from_study_to_pos_covid_test,
        {{ text_or_null("record ->> 'image_data_modified'") }} as image_data_modified_raw,
        {{ text_or_null("record ->> 'loinc_code'") }} as loinc_code,
        {{ text_or_null("record ->> 'loinc_long_common_name'") }} as loinc_long_common_name,
        {{ text_or_null("record ->> 'loinc_method'") }} as loinc_method,
        {{ text_or_null("record ->> 'loinc_system'") }} as loinc_system,
        {{ text_or_null("record ->> 'loinc_contrast'") }} as loinc_contrast
    from records

)

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    record_number,
    study_instance_uid,
    age_at_imaging_years,
    age_at_imaging_raw,
    study_modality,
    body_part_examined,
    study_description,
    study_description_raw,
    study_year,
    days_to_study,
    days_from_study_to_neg_covid_test,
    days_from_study_to_pos_covid_test,
    image_data_modified_raw,
    loinc_code,
    loinc_long_common_name,
    loinc_method,
    loinc_system,
    loinc_contrast
from renamed
