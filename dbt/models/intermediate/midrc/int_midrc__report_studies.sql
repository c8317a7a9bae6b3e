-- Grain: one imaging study of one radiology report.
--
-- A report names its studies by submitter id. Where several studies share one (of two projects), the first by node id is meant.
-- A study that the portal's index lacks stays, without a key.

with named as (

    {{ list_elements(
        ref('stg_midrc__radiology_report'),
        keys=['source_id', 'report_node_id'],
        list='study_ids',
        element='study_id',
    ) }}

),

numbered as (

    select
        study_node_id,
        study_id,
        study_instance_uid,
        study_natural_key,
        row_number() over (partition by study_id order by study_node_id nulls last) as holder
    from {{ ref('stg_midrc__imaging_study') }}

),

studies as (

    select
        study_node_id,
        study_id,
        study_instance_uid,
        study_natural_key
    from numbered
    where holder = 1

)

select
    named.source_id,
    named.report_node_id,
    studies.study_node_id,
    named.study_id,
    studies.study_instance_uid,
    studies.study_natural_key
from named
left join studies
    on named.study_id = studies.study_id
