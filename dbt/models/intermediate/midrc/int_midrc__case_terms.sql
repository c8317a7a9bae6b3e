-- Grain: one case of the portal, with its dataset where it belongs to one alone.

select
    source_id,
    case_node_id,
    case_id,
    patient_natural_key,
    project_id,
    {{ sole_value('dataset_ids') }} as collection_id,
    {{ value_count('dataset_ids') }} as collection_count,
    sex_raw,
    race_raw,
    ethnicity_raw,
    covid19_positive_raw,
    age_at_index_years,
    index_event,
    zip
from {{ ref('stg_midrc__case') }}
