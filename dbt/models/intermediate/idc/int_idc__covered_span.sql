-- Grain: one span of releases that series state, with one earlier release in it of those that this build reads as evidence.

with stated as (

    select distinct
        first_idc_version,
        last_idc_version
    from {{ ref('int_idc__series_span') }}

)

select
    stated.first_idc_version,
    stated.last_idc_version,
    releases.idc_version
from stated
inner join {{ ref('int_idc__compared_release') }} as releases
    on releases.idc_version between stated.first_idc_version and stated.last_idc_version
-- The release of the snapshot bears no witness of itself.
where not releases.is_release_of_snapshot
