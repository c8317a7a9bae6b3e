-- Grain: one study that series of a portal name and that has no record.

with named as (

    select distinct
        source_id,
        study_natural_key,
        study_instance_uid
    from {{ ref('int_shared__series_references') }}
    where study_natural_key is not null

),

described as (

    select
        source_id,
        study_natural_key
    from {{ ref('stg_midrc__imaging_study') }}
    union all
    select
        source_id,
        study_natural_key
    from {{ ref('int_bih__imaging_study_keyed') }}

)

select
    {{ surrogate_key(['named.source_id', 'named.study_natural_key']) }} as study_key,
    {{ surrogate_key(['named.source_id']) }} as source_key,
    named.source_id,
    named.study_instance_uid,
    cast(0 as {{ dbt.type_bigint() }}) as study_date_count,
    cast(0 as {{ dbt.type_bigint() }}) as study_description_count,
    {{ is_dicom_uid('named.study_instance_uid') }} as has_valid_uid,
    false as is_repeated_uid,
    false as is_described
from named
left join described
    on named.source_id = described.source_id
    and named.study_natural_key = described.study_natural_key
where described.study_natural_key is null
