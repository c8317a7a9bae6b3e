-- Grain: one patient of one side of a comparison that has no counterpart on the other side, with the evidence for its cause.

with one_sided as (

    select
        comparison_id,
        side,
        natural_id,
        row_key,
        is_repeated,
        may_be_withdrawn
    from {{ ref('int_one_sided') }}
    where row_kind = 'patient'

),

collections as (

    {{ one_sided_collections('one_sided', 'patient') }}

),

-- The first release of IDC that held any of their series.
versions as (

    select
        patient_key,
        min(first_idc_version) as first_idc_version
    from {{ ref('fct_series') }}
    where first_idc_version is not null
    group by patient_key

),

-- A patient of IDC is identified as in int_patient_members.
withdrawn as (

    select distinct one_sided.natural_id
    from one_sided
    inner join {{ ref('fct_series_version') }} as versions
        on one_sided.natural_id
            = 'idc:' || {{ snake_case_id('versions.collection_id') }} || '/' || versions.patient_id
    where one_sided.may_be_withdrawn

)

select
    one_sided.comparison_id,
    one_sided.side,
    'patient' as row_kind,
    one_sided.row_key,
    one_sided.natural_id,
    one_sided.is_repeated,
    patients.patient_id is not null as has_valid_id,
    collections.collection_id,
    collections.is_collection_absent,
    collections.is_newer_batch,
    versions.first_idc_version,
    one_sided.may_be_withdrawn and withdrawn.natural_id is not null as is_withdrawn,
    false as is_parent_absent
from one_sided
inner join {{ ref('dim_patient') }} as patients
    on one_sided.row_key = patients.patient_key
left join collections
    on one_sided.comparison_id = collections.comparison_id
    and one_sided.side = collections.side
    and one_sided.row_key = collections.row_key
left join versions
    on one_sided.row_key = versions.patient_key
left join withdrawn
    on one_sided.natural_id = withdrawn.natural_id
