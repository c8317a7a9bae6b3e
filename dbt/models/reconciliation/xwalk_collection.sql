-- Grain: one pair of collections of two systems that hold the same of the real world, as far as some evidence says.
--
-- One collection may be several of another system (a project of MIDRC is submitted in batches), so that a row is a pair, and says
-- how many pairs of the same systems each of its collections is in.

with contents as (

    select
        contents.entity,
        contents.xwalk_key,
        contents.collection_key,
        systems.system_id,
        systems.system_number
    from {{ ref('int_collection_contents') }} as contents
    inner join {{ ref('int_collection_systems') }} as systems
        on contents.collection_key = systems.collection_key

),

shared as (

    select
        lefts.collection_key as left_collection_key,
        rights.collection_key as right_collection_key,
        lefts.entity,
        count(distinct lefts.xwalk_key) as shared_count
    from contents as lefts
    inner join contents as rights
        on lefts.entity = rights.entity
        and lefts.xwalk_key = rights.xwalk_key
    where {{ stands_left('lefts', 'rights') }}
    group by
        lefts.collection_key,
        rights.collection_key,
        lefts.entity

),

identified as (

    select distinct
        lefts.collection_key as left_collection_key,
        rights.collection_key as right_collection_key,
        lefts.evidence
    from {{ ref('int_collection_identifiers') }} as lefts
    inner join {{ ref('int_collection_identifiers') }} as rights
        on lefts.evidence = rights.evidence
        and lefts.identifier = rights.identifier
    where lefts.collection_key <> rights.collection_key

),

evidence as (

    select
        left_collection_key,
        right_collection_key,
        evidence,
        0 as shared_count
    from identified
    union all
    select
        left_collection_key,
        right_collection_key,
        entity as evidence,
        shared_count
    from shared

),

pairs as (

    select
        lefts.system_id as left_system_id,
        evidence.left_collection_key,
        lefts.collection_id as left_collection_id,
        rights.system_id as right_system_id,
        evidence.right_collection_key,
        rights.collection_id as right_collection_id,
        {{ sorted_values('evidence.evidence') }} as evidence,
        cast(sum(case when evidence.evidence = 'patient' then evidence.shared_count else 0 end) as {{ dbt.type_bigint() }}) as shared_patient_count,
        cast(sum(case when evidence.evidence = 'study' then evidence.shared_count else 0 end) as {{ dbt.type_bigint() }}) as shared_study_count,
        cast(sum(case when evidence.evidence = 'series' then evidence.shared_count else 0 end) as {{ dbt.type_bigint() }}) as shared_series_count
    from evidence
    inner join {{ ref('int_collection_systems') }} as lefts
        on evidence.left_collection_key = lefts.collection_key
    inner join {{ ref('int_collection_systems') }} as rights
        on evidence.right_collection_key = rights.collection_key
    where {{ stands_left('lefts', 'rights') }}
    group by
        lefts.system_id,
        evidence.left_collection_key,
        lefts.collection_id,
        rights.system_id,
        evidence.right_collection_key,
        rights.collection_id

)

select
    {{ surrogate_key(['left_collection_key', 'right_collection_key']) }} as collection_xwalk_key,
    pairs.*,
    count(*) over (partition by left_collection_key, right_system_id) as left_pair_count,
    count(*) over (partition by right_collection_key, left_system_id) as right_pair_count
from pairs
