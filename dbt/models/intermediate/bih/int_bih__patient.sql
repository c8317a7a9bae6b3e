-- Grain: one subject of a repository that the BDF Imaging Hub federates, or one that its studies name, in the shape of dim_patient.
--
-- Subjects tell the race alone: sex, ethnicity and age are what the studies of the subject say.

with study_values as (

    select
        source_id,
        patient_natural_key,
        sex_raw,
        ethnicity_raw,
        min(age_at_imaging_years) as age_years_min,
        max(age_at_imaging_years) as age_years_max
    from {{ ref('int_bih__imaging_study_subjects') }}
    group by
        source_id,
        patient_natural_key,
        sex_raw,
        ethnicity_raw

),

harmonised as (

    select
        study_values.*,
        {{ harmonised_term('sex', 'study_values', when_null='null') }} as sex,
        {{ harmonised_term('ethnicity', 'study_values', when_null='null') }} as ethnicity
    from study_values
    {{ join_terms('sex', 'study_values') }}
    {{ join_terms('ethnicity', 'study_values') }}

),

described_by_studies as (

    select
        patient_natural_key,
        {{ prevailing_sex() }} as sex,
        {{ sex_values_yielded() }} as sex_values_yielded,
        {{ sorted_values('sex_raw') }} as sexes_raw,
        {{ agreed_term('ethnicity') }} as ethnicity,
        {{ sorted_values('ethnicity_raw') }} as ethnicities_raw,
        min(age_years_min) as age_years_min,
        max(age_years_max) as age_years_max
    from harmonised
    group by patient_natural_key

),

patients as (

    select
        coalesce(subjects.patient_natural_key, described_by_studies.patient_natural_key) as natural_key,
        subjects.commons_name,
        subjects.collection_id,
        subjects.collection_natural_key,
        case
            when subjects.patient_natural_key is null then described_by_studies.patient_natural_key
            else subjects.subject_id
        end as patient_id,
        subjects.subject_node_id as patient_node_id,
        subjects.project_id,
        coalesce(described_by_studies.sex, 'missing') as sex,
        described_by_studies.sexes_raw,
        coalesce(described_by_studies.sex_values_yielded, false) as sex_values_yielded,
        described_by_studies.age_years_min,
        described_by_studies.age_years_max,
        'bih' as source_id,
        subjects.race_raw,
        coalesce(described_by_studies.ethnicity, 'missing') as ethnicity,
        described_by_studies.ethnicities_raw,
        subjects.patient_natural_key is not null as is_described
    from {{ ref('int_bih__subject_keyed') }} as subjects
    full outer join described_by_studies
        on subjects.patient_natural_key = described_by_studies.patient_natural_key

)

select
    {{ portal_patient_key("'bih'", 'patients.natural_key') }} as patient_key,
    {{ surrogate_key(["'bih'"]) }} as source_key,
    {{ federated_repository_key('patients.commons_name') }} as repository_key,
    {{ reference_key(["'bih'", 'patients.collection_natural_key']) }} as collection_key,
    patients.source_id,
    {{ federated_repository_id('patients.commons_name') }} as repository_id,
    patients.collection_id,
    patients.patient_id,
    patients.patient_node_id,
    patients.project_id,
    patients.sex,
    patients.sexes_raw,
    patients.sex_values_yielded,
    case when {{ federated_repository_id('patients.commons_name') }} = 'bih_midrc' then 'human' else collections.species end as species,
    case when {{ federated_repository_id('patients.commons_name') }} = 'bih_midrc' then true else collections.is_human end as is_human,
    case when {{ federated_repository_id('patients.commons_name') }} = 'bih_midrc' then false else collections.is_phantom end as is_phantom,
    patients.age_years_min as age_years,
    patients.age_years_min,
    patients.age_years_max,
    {{ ages_conflict('patients.age_years_min', 'patients.age_years_max') }} as ages_conflict,
    {{ harmonised_term('race', 'patients') }} as race,
    patients.race_raw,
    patients.ethnicity,
    patients.ethnicities_raw,
    'not applicable' as covid19_status,
    patients.is_described
from patients
left join {{ ref('int_bih__collection') }} as collections
    on patients.collection_natural_key = collections.natural_key
{{ join_repository('patients.commons_name') }}
{{ join_terms('race', 'patients') }}
