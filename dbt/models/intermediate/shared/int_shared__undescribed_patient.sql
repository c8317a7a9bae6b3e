-- Grain: one patient that series or studies of a portal name and that has no record.

with named as (

    select
        source_id,
        patient_natural_key,
        patient_id
    from {{ ref('int_shared__series_references') }}
    where patient_natural_key is not null
    union
    select
        source_id,
        case_id as patient_natural_key,
        case_id as patient_id
    from {{ ref('int_midrc__study_cases') }}
    where patient_natural_key is null

),

described as (

    select
        source_id,
        patient_natural_key
    from {{ ref('stg_midrc__case') }}
    union all
    select
        source_id,
        patient_natural_key
    from {{ ref('int_bih__subject_keyed') }}
    -- What the Hub's studies say of a patient is a description, too: int_bih__patient has them.
    union all
    select
        source_id,
        patient_natural_key
    from {{ ref('int_bih__imaging_study_subjects') }}

)

select
    {{ portal_patient_key('named.source_id', 'named.patient_natural_key') }} as patient_key,
    {{ surrogate_key(['named.source_id']) }} as source_key,
    named.source_id,
    named.patient_id,
    'missing' as sex,
    false as sex_values_yielded,
    case when named.source_id = 'midrc' then 'human' end as species,
    case when named.source_id = 'midrc' then true end as is_human,
    case when named.source_id = 'midrc' then false end as is_phantom,
    'missing' as race,
    'missing' as ethnicity,
    case when named.source_id = 'midrc' then 'missing' else 'not applicable' end as covid19_status,
    false as is_described
from named
left join described
    on named.source_id = described.source_id
    and named.patient_natural_key = described.patient_natural_key
where described.patient_natural_key is null
