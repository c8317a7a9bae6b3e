-- Grain: one metric of the records of one kind that share one value of one dimension, as one system or repository describes them.
--
-- Every count of the reports, in one shape. Where an artifact that describes segmentations or annotations is not landed, there is
-- a count over idc_index instead (is_proxy).

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
from {{ ref('int_counts') }}
