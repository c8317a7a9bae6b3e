-- Grain: one study of one side of a comparison that has no counterpart on the other side, with the evidence for its cause.

with one_sided as (

    select
        comparison_id,
        pair_id,
        side,
        natural_id,
        row_key,
        is_repeated,
        may_be_withdrawn
    from {{ ref('int_one_sided') }}
    where row_kind = 'study'

),

collections as (

    {{ one_sided_collections('one_sided', 'study') }}

),

-- The first release of IDC that held any of their series.
versions as (

    select
        study_key,
        min(first_idc_version) as first_idc_version
    from {{ ref('fct_series') }}
    where first_idc_version is not null
    group by study_key

),

studies_of_absent_patients as (

    select distinct
        patients.pair_id,
        patients.side,
        links.study_key
    from {{ ref('int_one_sided') }} as patients
    inner join {{ ref('bridge_study_patient') }} as links
        on patients.row_key = links.patient_key
    where patients.row_kind = 'patient'

),

withdrawn as (

    select distinct one_sided.natural_id
    from one_sided
    inner join {{ ref('fct_series_version') }} as versions
        on one_sided.natural_id = versions.study_instance_uid
    where one_sided.may_be_withdrawn

)

select
    one_sided.comparison_id,
    one_sided.side,
    'study' as row_kind,
    one_sided.row_key,
    one_sided.natural_id,
    one_sided.is_repeated,
    studies.has_valid_uid as has_valid_id,
    collections.collection_id,
    collections.is_collection_absent,
    collections.is_newer_batch,
    versions.first_idc_version,
    one_sided.may_be_withdrawn and withdrawn.natural_id is not null as is_withdrawn,
    studies_of_absent_patients.study_key is not null as is_parent_absent
from one_sided
inner join {{ ref('dim_study') }} as studies
    on one_sided.row_key = studies.study_key
left join collections
    on one_sided.comparison_id = collections.comparison_id
    and one_sided.side = collections.side
    and one_sided.row_key = collections.row_key
left join versions
    on one_sided.row_key = versions.study_key
left join studies_of_absent_patients
    on one_sided.pair_id = studies_of_absent_patients.pair_id
    and one_sided.side = studies_of_absent_patients.side
    and one_sided.row_key = studies_of_absent_patients.study_key
left join withdrawn
    on one_sided.natural_id = withdrawn.natural_id
