-- Grain: one dataset that some case belongs to alone.
--
-- A case of several datasets has the sets of their licences, DOIs and contributors, without saying which is whose. Cases of one
-- dataset say it; where they disagree, it stays open.

with cases as (

    select
        source_id,
        {{ sole_value('dataset_ids') }} as collection_id,
        {{ sole_value('licenses') }} as license_raw,
        {{ sole_value('data_url_dois') }} as data_url_doi,
        {{ sole_value('data_contributors') }} as data_contributor
    from {{ ref('stg_midrc__case') }}

)

select
    source_id,
    collection_id,
    case when min(license_raw) = max(license_raw) then min(license_raw) end as license_raw,
    case when min(data_url_doi) = max(data_url_doi) then min(data_url_doi) end as data_url_doi,
    case when min(data_contributor) = max(data_contributor) then min(data_contributor) end as data_contributor
from cases
where collection_id is not null
group by
    source_id,
    collection_id
