-- Grain: one discovery record of the metadata service, which describes one dataset.
--
-- Only this names the DOI and the licence of each dataset apart: a case of several datasets has the sets of both.

with records as (

    select
        source_id,
        guid,
        try_cast(record as json) as record
    from {{ ref('stg_midrc__mds_metadata') }}
    where guid_type = 'discovery_metadata'

),

renamed as (

    select
        source_id,
        guid,
        {{ text_or_null("record ->> '$.gen3_discovery.submitter_id'") }} as collection_id,
        {{ text_or_null("record ->> '$.gen3_discovery.project_id'") }} as project_id,
        {{ text_or_null("record ->> '$.gen3_discovery.license'") }} as license_raw,
        {{ text_or_null("record ->> '$.gen3_discovery.data_url_doi'") }} as data_url_doi,
        {{ text_or_null("record ->> '$.gen3_discovery.data_contributor'") }} as data_contributor
    from records

)

select
    source_id,
    guid,
    collection_id,
    project_id,
    license_raw,
    data_url_doi,
    data_contributor
from renamed
