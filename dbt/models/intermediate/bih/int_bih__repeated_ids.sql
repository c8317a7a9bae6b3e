-- Grain: one record of the BDF Imaging Hub whose identifier is missing, or is the identifier of a record before it.
--
-- The identifiers are collection_id of a dataset, submitter_id of a subject, StudyInstanceUID and SeriesInstanceUID. Gen3 keeps
-- none of them unique: two repositories may describe the same series. Of the records with one identifier the first by node id
-- is keyed by it; the others, which are listed here, are keyed by their node ids. So none is lost, none is doubled, and every
-- reference by identifier has one row to point at. Usually there are few or none, so that other models join this table instead
-- of numbering millions of rows.

{{ config(materialized='table') }}

with records as (

    select
        'dataset' as entity,
        dataset_node_id as node_id,
        project_id,
        collection_id as natural_id
    from {{ ref('stg_bih__dataset') }}
    union all
    select
        'subject' as entity,
        subject_node_id as node_id,
        project_id,
        subject_id as natural_id
    from {{ ref('stg_bih__subject') }}
    union all
    select
        'imaging_study' as entity,
        study_node_id as node_id,
        project_id,
        study_instance_uid as natural_id
    from {{ ref('stg_bih__imaging_study') }}
    union all
    select
        'imaging_series' as entity,
        series_node_id as node_id,
        project_id,
        series_instance_uid as natural_id
    from {{ ref('stg_bih__imaging_series') }}

),

repeated as (

    select
        entity,
        natural_id
    from records
    where natural_id is not null
    group by
        entity,
        natural_id
    having count(*) > 1

),

numbered as (

    select
        records.entity,
        records.node_id,
        records.project_id,
        records.natural_id,
        row_number() over (
            partition by records.entity, records.natural_id
            order by records.node_id nulls last
        ) as place,
        first_value(records.project_id) over (
            partition by records.entity, records.natural_id
            order by records.node_id nulls last
        ) as first_project_id,
        row_number() over (
            partition by records.entity, records.natural_id, records.project_id
            order by records.node_id nulls last
        ) as place_in_project
    from records
    inner join repeated
        on records.entity = repeated.entity
        and records.natural_id = repeated.natural_id

)

select
    entity,
    node_id,
    project_id,
    natural_id,
    place_in_project = 1 and project_id is distinct from first_project_id as is_referred_to
from numbered
where place > 1
union all
select
    entity,
    node_id,
    project_id,
    natural_id,
    false as is_referred_to
from records
where natural_id is null
