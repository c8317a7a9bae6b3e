-- Grain: one system that describes data, or one repository that the BDF Imaging Hub federates.
--
-- A repository that the Hub names and seed_source lacks has a row too, with is_known = false.

with known as (

    select * from {{ ref('seed_source') }}

),

named as (

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
        {{ repository_id('named.commons_name', 'known.source_id') }} as source_id,
        min(named.commons_name) as commons_name
    from named
    left join known
        on lower(named.commons_name) = lower(known.commons_name)
    where named.commons_name is not null
    group by {{ repository_id('named.commons_name', 'known.source_id') }}

),

sources as (

    select
        source_id,
        source_name,
        source_kind,
        federated_by,
        same_as,
        commons_name,
        home_url,
        description,
        true as is_known
    from known
    union all
    select
        repositories.source_id,
        repositories.commons_name as source_name,
        'repository' as source_kind,
        'bih' as federated_by,
        cast(null as {{ dbt.type_string() }}) as same_as,
        repositories.commons_name,
        cast(null as {{ dbt.type_string() }}) as home_url,
        cast(null as {{ dbt.type_string() }}) as description,
        false as is_known
    from repositories
    left join known
        on repositories.source_id = known.source_id
    where known.source_id is null

)

select
    {{ surrogate_key(['source_id']) }} as source_key,
    source_id,
    source_name,
    source_kind,
    federated_by,
    same_as,
    commons_name,
    home_url,
    description,
    is_known
from sources
