-- Grain: one patient in one clinical table that several collections share, where just one of these has images of the patient.

with shared_tables as (

    select distinct
        described.source_id,
        described.short_table_name,
        described.collection_id
    from {{ ref('stg_idc__clinical_index') }} as described
    inner join {{ ref('int_idc__clinical_table') }} as tables
        on described.short_table_name = tables.short_table_name
    where tables.collection_count > 1
        and described.collection_id is not null

)

select
    shared_tables.short_table_name,
    patients.patient_id,
    min(shared_tables.collection_id) as collection_id
from shared_tables
inner join {{ ref('dim_patient') }} as patients
    on shared_tables.source_id = patients.source_id
    and shared_tables.collection_id = patients.collection_id
group by
    shared_tables.short_table_name,
    patients.patient_id
having count(distinct shared_tables.collection_id) = 1
