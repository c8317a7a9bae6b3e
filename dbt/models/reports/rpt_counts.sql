-- Grain: one metric of the records of one kind that share one value of one dimension, as one system or repository describes them.
--
-- Every count of the reports, in one shape. Where an artifact that describes segmentations or annotations is not landed, the
-- count of what idc_index tells of them stands in (is_proxy).

with counts as (

    select
        source_id,
        'series' as entity,
        dimension,
        dimension_value,
        metric,
        counted,
        false as is_proxy
    from {{ ref('int_series_counts') }}
    union all
    select
        source_id,
        'series' as entity,
        dimension,
        dimension_value,
        metric,
        counted,
        false as is_proxy
    from {{ ref('int_series_group_counts') }}
    union all
    select
        source_id,
        entity,
        dimension,
        dimension_value,
        metric,
        counted,
        false as is_proxy
    from {{ ref('int_record_counts') }}
    union all
    select
        source_id,
        entity,
        dimension,
        dimension_value,
        metric,
        counted,
        is_proxy
    from {{ ref('int_artifact_counts') }}

)

select
    {{ surrogate_key(['source_id', 'entity', 'dimension', 'dimension_value', 'metric', 'is_proxy']) }} as count_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    source_id,
    entity,
    dimension,
    dimension_value,
    metric,
    is_proxy,
    counted
from counts
