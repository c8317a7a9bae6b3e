-- Grain: one LOINC code of one imaging study.

with studies as (

    select * from {{ ref('stg_midrc__imaging_study') }}

)

select
    source_id,
    study_node_id,
    study_instance_uid,
    study_natural_key,
    loinc_code,
    loinc_long_common_name,
    loinc_method,
    loinc_system,
    loinc_contrast
from studies
where loinc_code is not null
