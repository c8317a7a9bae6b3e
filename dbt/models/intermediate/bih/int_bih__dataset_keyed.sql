-- Grain: one dataset of a repository that the BDF Imaging Hub federates, with its key.

select
    datasets.*,
    coalesce(repeated.node_id, datasets.collection_id) as collection_natural_key
from {{ ref('stg_bih__dataset') }} as datasets
{{ join_repeated_record('repeated', 'dataset', 'datasets.dataset_node_id') }}
