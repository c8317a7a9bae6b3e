-- Grain: one case of the portal, in the shape of dim_patient, with its dataset where it belongs to one alone.

with cases as (

    select
        source_id,
        case_node_id,
        case_id,
        patient_natural_key,
        project_id,
        {{ sole_value('dataset_ids') }} as collection_id,
        sex_raw,
        age_at_index_years,
        race_raw,
        ethnicity_raw,
        covid19_positive_raw,
        index_event,
        zip
    from {{ ref('stg_midrc__case') }}

)

select
    {{ portal_patient_key("'midrc'", 'cases.patient_natural_key') }} as patient_key,
    {{ surrogate_key(["'midrc'"]) }} as source_key,
    {{ reference_key(["'midrc'", 'cases.collection_id']) }} as collection_key,
    cases.source_id,
    cases.collection_id,
    cases.case_id as patient_id,
    cases.case_node_id as patient_node_id,
    cases.project_id,
    {{ harmonised_term('sex', 'cases') }} as sex,
    cases.sex_raw,
    cases.age_at_index_years as age_years,
    cases.age_at_index_years as age_years_min,
    cases.age_at_index_years as age_years_max,
    {{ harmonised_term('race', 'cases') }} as race,
    cases.race_raw,
    {{ harmonised_term('ethnicity', 'cases') }} as ethnicity,
    cases.ethnicity_raw,
    {{ harmonised_term('covid19_status', 'cases', 'covid19_positive_raw') }} as covid19_status,
    cases.covid19_positive_raw,
    cases.index_event,
    cases.zip,
    true as is_described
from cases
{{ join_terms('sex', 'cases') }}
{{ join_terms('race', 'cases') }}
{{ join_terms('ethnicity', 'cases') }}
{{ join_terms('covid19_status', 'cases', 'covid19_positive_raw') }}
