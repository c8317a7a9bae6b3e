{#
    One row for each case that a record of the portal lists by submitter id (case_ids), with the columns `keys` of the
    record. A case that the portal's index lacks stays, without a node id and a key.
#}
{% macro case_links(relation, keys) -%}
with named as (

    {{ list_elements(relation, keys, list='case_ids', element='case_id') }}

),

cases as (

    select
        case_node_id,
        case_id,
        patient_natural_key
    from {{ ref('stg_midrc__case') }}
    where patient_natural_key = case_id

)

select
    {%- for key in keys %}
    named.{{ key }},
    {%- endfor %}
    cases.case_node_id,
    named.case_id,
    cases.patient_natural_key
from named
left join cases
    on named.case_id = cases.case_id
{%- endmacro %}
