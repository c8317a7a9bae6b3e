-- Grain: one system that describes data, or one repository that the BDF Imaging Hub federates.

with sources as (

    select * from {{ ref('seed_source') }}

)

select
    {{ surrogate_key(['source_id']) }} as source_key,
    source_id,
    source_name,
    source_kind,
    federated_by,
    home_url,
    description
from sources
