-- Grain: one system that describes data, or one repository that the BDF Imaging Hub federates.
--
-- A repository that the Hub names and seed_source lacks has a row too, with is_known = false.

with named as (

    select commons_name from {{ ref('stg_bih__dataset') }}
    union
    select commons_name from {{ ref('stg_bih__subject') }}
    union
    select commons_name from {{ ref('stg_bih__imaging_study') }}
    union
    select commons_name from {{ ref('stg_bih__imaging_series') }}

),

repositories as (

    select
        {{ federated_repository_id('named.commons_name') }} as source_id,
        min(named.commons_name) as commons_name
    from named
    {{ join_repository('named.commons_name') }}
    where named.commons_name is not null
    group by {{ federated_repository_id('named.commons_name') }}

)

select
    {{ surrogate_key(['coalesce(known.source_id, repositories.source_id)']) }} as source_key,
    coalesce(known.source_id, repositories.source_id) as source_id,
    coalesce(known.source_name, repositories.commons_name) as source_name,
    coalesce(known.source_kind, 'repository') as source_kind,
    case when known.source_id is null then 'bih' else known.federated_by end as federated_by,
    known.same_as,
    case when known.source_id is null then repositories.commons_name else known.commons_name end as commons_name,
    known.home_url,
    known.description,
    known.source_id is not null as is_known
from {{ ref('seed_source') }} as known
full outer join repositories
    on known.source_id = repositories.source_id
