-- Grain: one identifier of one kind of one collection; two collections with the same one are linked by this kind of evidence.
--
-- name: identifier or name, in lower case with underscores. doi: of the collection itself, none of analyses of it. project: MIDRC's
-- project, which the Hub calls a collection under its name after `MIDRC-`. reviewed: the project, for the collections of IDC and
-- of the Hub's copy of it that a person has found to be the same (seed_collection_link).

with collections as (

    select
        collection_key,
        collection_id,
        collection_name,
        case
            when system_id = 'midrc' then project_id
            when system_id = 'bih_midrc' and collection_id like 'MIDRC-%' then replace(collection_id, 'MIDRC-', '')
        end as project_id,
        collection_doi,
        system_id
    from {{ ref('int_collection_systems') }}

),

identifiers as (

    select
        collection_key,
        'name' as evidence,
        {{ snake_case_id(trimmed('collection_id')) }} as identifier
    from collections
    union all
    select
        collection_key,
        'name' as evidence,
        {{ snake_case_id(trimmed('collection_name')) }} as identifier
    from collections
    union all
    select
        collection_key,
        'doi' as evidence,
        {{ bare_doi('collection_doi') }} as identifier
    from collections
    union all
    select
        collection_key,
        'doi' as evidence,
        {{ bare_doi('source_doi') }} as identifier
    from {{ ref('bridge_collection_source') }}
    where coalesce(source_type, 'original_data') = 'original_data'
    union all
    select
        collection_key,
        'project' as evidence,
        project_id as identifier
    from collections
    union all
    select
        collections.collection_key,
        'reviewed' as evidence,
        links.project_id as identifier
    from collections
    inner join {{ ref('seed_collection_link') }} as links
        on collections.project_id = links.project_id
        or (
            collections.system_id in ('idc', 'bih_idc')
            and {{ snake_case_id('collections.collection_id') }} = links.idc_collection_id
        )

)

select distinct
    collection_key,
    evidence,
    identifier
from identifiers
where
    identifier is not null
    and identifier <> ''
