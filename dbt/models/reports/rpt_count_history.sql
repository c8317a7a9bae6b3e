-- Grain: one metric of one value of one dimension of the records of one kind, in one load of one system.
--
-- The counts of this snapshot's own loads, and those of earlier loads as the snapshots that described them counted. A load has its
-- counts once, over however many nights it was in service.

with own as (

    select
        counts.source_id,
        counts.entity,
        counts.dimension,
        counts.dimension_value,
        counts.metric,
        counts.counted
    from {{ ref('rpt_counts') }} as counts
    inner join {{ ref('dim_source') }} as sources
        on counts.source_key = sources.source_key
    where
        sources.federated_by is null
        and not counts.is_proxy
        and counts.dimension in ('total', 'collection', 'modality')
        -- A collection is always one collection.
        and not (counts.dimension = 'collection' and counts.metric = 'collections')
    union all
    select
        sources.federated_by as source_id,
        counts.entity,
        'repository' as dimension,
        counts.source_id as dimension_value,
        counts.metric,
        counts.counted
    from {{ ref('rpt_counts') }} as counts
    inner join {{ ref('dim_source') }} as sources
        on counts.source_key = sources.source_key
    where
        sources.federated_by is not null
        and not counts.is_proxy
        and counts.dimension = 'total'

),

history as (

    select
        own.source_id,
        releases.release_version,
        releases.idc_version,
        releases.fetched_at as as_of,
        true as is_release_of_snapshot,
        own.entity,
        own.dimension,
        own.dimension_value,
        own.metric,
        own.counted
    from own
    inner join {{ ref('stg_landing__releases') }} as releases
        on own.source_id = releases.source_id
    union all
    select
        source_id,
        release_version,
        idc_version,
        as_of,
        false as is_release_of_snapshot,
        entity,
        dimension,
        dimension_value,
        metric,
        counted
    from {{ ref('stg_landing__count_history') }}

)

select
    {{ surrogate_key([
        'history.source_id',
        'history.release_version',
        'history.entity',
        'history.dimension',
        'history.dimension_value',
        'history.metric',
    ]) }} as count_history_key,
    {{ surrogate_key(['history.source_id']) }} as source_key,
    history.source_id,
    history.release_version,
    coalesce(cast(versions.released_on as {{ dbt.type_timestamp() }}), history.as_of) as as_of,
    history.is_release_of_snapshot,
    history.entity,
    history.dimension,
    history.dimension_value,
    history.metric,
    history.counted
from history
left join {{ ref('dim_idc_version') }} as versions
    on history.source_id = versions.source_id
    and history.idc_version = versions.idc_version
