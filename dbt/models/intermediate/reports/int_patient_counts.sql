-- Grain: one metric of the patients that share one value of one attribute, as one system or repository describes them.
--
-- In IDC a person is a PatientID in whatever collection, as the published reports count; elsewhere it is the patient of the record.
-- A patient of several collections counts in each, one of a repository for the repository and for the Hub.

{% set dimensions = [
    'total',
    'sex',
    'race',
    'ethnicity',
    'covid19_positive',
    'sex_harmonised',
    'race_harmonised',
    'ethnicity_harmonised',
    'covid19_status_harmonised',
    'collection',
] %}

with patients as (

    select
        patients.source_id,
        patients.repository_id,
        patients.repository_id as held_by,
        case
            when patients.source_id = 'idc' then {{ surrogate_key(['patients.patient_id']) }}
            else patients.patient_key
        end as person_key,
        collections.collection_key,
        'all' as total,
        coalesce({{ joined_elements('patients.sexes_raw', "', '") }}, 'no data') as sex,
        coalesce(patients.race_raw, 'no data') as race,
        coalesce({{ joined_elements('patients.ethnicities_raw', "', '") }}, 'no data') as ethnicity,
        coalesce(patients.covid19_positive_raw, 'no data') as covid19_positive,
        coalesce(patients.sex, 'no data') as sex_harmonised,
        coalesce(patients.race, 'no data') as race_harmonised,
        coalesce(patients.ethnicity, 'no data') as ethnicity_harmonised,
        coalesce(patients.covid19_status, 'no data') as covid19_status_harmonised,
        coalesce(collections.collection_id, 'no data') as collection
    from {{ ref('dim_patient') }} as patients
    left join {{ ref('bridge_patient_collection') }} as links
        on patients.patient_key = links.patient_key
    left join {{ ref('dim_collection') }} as collections
        on links.collection_key = collections.collection_key
    where patients.is_described

),

scoped as (

    {{ with_repositories('patients', ['held_by', 'person_key', 'collection_key'] + dimensions) }}

),

counted as (

    {{ count_by_dimensions('scoped', dimensions, {'patients': 'count(distinct person_key)'}) }}

),

totals as (

    select
        source_id,
        'total' as dimension,
        'all' as dimension_value,
        count(distinct collection_key) as collections,
        case when source_id = 'bih' then count(distinct held_by) end as repositories
    from scoped
    group by source_id

)

{{ unpivot_metrics('counted', 'patient', ['patients']) }}
union all
{{ unpivot_metrics('totals', 'patient', ['collections', 'repositories']) }}
