-- Grain: one text that the records of one kind of one source state for one vocabulary, mapped or not.
--
-- A text counts once for each record that states it; what a record does not state is not counted.

with algorithms as (

    select
        algorithm_key,
        'segmentation' as record
    from {{ ref('fct_segmentation') }}
    union all
    select
        algorithm_key,
        'annotation group' as record
    from {{ ref('fct_annotation_group') }}

),

stated as (

    select
        source_id,
        record,
        vocabulary,
        raw_value,
        is_mapped,
        record_count
    from {{ ref('int_stated_terms') }}
    union all
    select
        source_id,
        record,
        vocabulary,
        raw_value,
        is_mapped,
        record_count
    from {{ ref('int_stated_demographics') }}
    union all
    select
        types.source_id,
        algorithms.record,
        'type of algorithm' as vocabulary,
        types.algorithm_type_raw as raw_value,
        types.algorithm_type <> 'unmapped' as is_mapped,
        count(*) as record_count
    from algorithms
    inner join {{ ref('dim_algorithm') }} as types
        on algorithms.algorithm_key = types.algorithm_key
    where types.algorithm_type_raw is not null
    group by
        types.source_id,
        algorithms.record,
        types.algorithm_type_raw,
        types.algorithm_type <> 'unmapped'
    union all
    select
        collections.source_id,
        'collection' as record,
        'tumour location' as vocabulary,
        collections.tumor_locations as raw_value,
        locations.tumor_location_raw is not null as is_mapped,
        count(*) as record_count
    from {{ ref('dim_collection') }} as collections
    left join {{ ref('map_tumor_location') }} as locations
        on upper(collections.tumor_locations) = locations.tumor_location_raw
    where collections.tumor_locations is not null
    group by
        collections.source_id,
        collections.tumor_locations,
        locations.tumor_location_raw is not null

)

select
    source_id,
    record,
    vocabulary,
    raw_value,
    is_mapped,
    cast(sum(record_count) as {{ dbt.type_bigint() }}) as record_count
from stated
group by
    source_id,
    record,
    vocabulary,
    raw_value,
    is_mapped
