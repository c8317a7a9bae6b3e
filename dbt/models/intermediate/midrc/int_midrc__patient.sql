-- Grain: one case of the portal, in the shape of dim_patient, with its dataset where it belongs to one alone.

with cases as (

    select
        records.*,
        {{ sole_value('dataset_ids') }} as collection_id
    from {{ ref('stg_midrc__case') }} as records

)

select
    cases.*,
    {{ portal_patient_key("'midrc'", 'cases.patient_natural_key') }} as patient_key,
    {{ surrogate_key(["'midrc'"]) }} as source_key,
    {{ reference_key(["'midrc'", 'cases.collection_id']) }} as collection_key,
    cases.case_id as patient_id,
    cases.case_node_id as patient_node_id,
    {{ harmonised_term('sex', 'cases') }} as sex,
    case when cases.sex_raw is not null then {{ list_of('cases.sex_raw') }} end as sexes_raw,
    false as sex_values_yielded,
    'human' as species,
    true as is_human,
    false as is_phantom,
    cases.age_at_index_years as age_years,
    cases.age_at_index_years as age_years_min,
    cases.age_at_index_years as age_years_max,
    {{ harmonised_term('race', 'cases') }} as race,
    {{ harmonised_term('ethnicity', 'cases') }} as ethnicity,
    case when cases.ethnicity_raw is not null then {{ list_of('cases.ethnicity_raw') }} end as ethnicities_raw,
    {{ harmonised_term('covid19_status', 'cases', 'covid19_positive_raw') }} as covid19_status,
    true as is_described
from cases
{{ join_terms('sex', 'cases') }}
{{ join_terms('race', 'cases') }}
{{ join_terms('ethnicity', 'cases') }}
{{ join_terms('covid19_status', 'cases', 'covid19_positive_raw') }}
