-- Grain: one discovery record of the metadata service, which describes one dataset.
--
-- Only this names the DOI and the licence of each dataset apart: a case of several datasets has the sets of both.

with records as (

    select
        source_id,
        guid,
        {{ json_of_text('record') }} as record
    from {{ ref('stg_midrc__mds_metadata') }}
    where guid_type = 'discovery_metadata'

)

select
    source_id,
    guid,
    {{ text_or_null(json_text('record', 'gen3_discovery.submitter_id')) }} as collection_id,
    {{ text_or_null(json_text('record', 'gen3_discovery.project_id')) }} as project_id,
    {{ text_or_null(json_text('record', 'gen3_discovery.license')) }} as license_raw,
    {{ text_or_null(json_text('record', 'gen3_discovery.data_url_doi')) }} as data_url_doi,
    {{ text_or_null(json_text('record', 'gen3_discovery.data_contributor')) }} as data_contributor
from records
