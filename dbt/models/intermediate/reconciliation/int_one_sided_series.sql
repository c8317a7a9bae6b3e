-- Grain: one series of one side of a comparison that has no counterpart on the other side, with the evidence for its cause.
--
-- A series of TCIA's subset of IDC is described by IDC's series of the same key.

with one_sided as (

    select
        comparison_id,
        pair_id,
        side,
        natural_id,
        row_key,
        is_repeated,
        may_be_withdrawn
    from {{ ref('int_one_sided') }}
    where row_kind = 'series'

),

-- Few series have several collections: only those are looked up in the bridge.
in_several_collections as (

    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key
    from one_sided
    inner join {{ ref('fct_series') }} as series
        on one_sided.row_key = series.series_key
    where series.collection_count > 1

),

several_collections as (

    {{ one_sided_collections('in_several_collections', 'series') }}

),

absent_studies as (

    select distinct
        pair_id,
        side,
        natural_id
    from {{ ref('int_one_sided') }}
    where row_kind = 'study'

),

withdrawn as (

    select distinct one_sided.natural_id
    from one_sided
    inner join {{ ref('fct_series_version') }} as versions
        on one_sided.natural_id = versions.series_instance_uid
    where one_sided.may_be_withdrawn

)

select
    one_sided.comparison_id,
    one_sided.side,
    'series' as row_kind,
    one_sided.row_key,
    one_sided.natural_id,
    one_sided.is_repeated,
    coalesce(series.has_valid_uid, false) as has_valid_id,
    coalesce(several_collections.collection_id, collections.collection_id) as collection_id,
    coalesce(several_collections.is_collection_absent, collections.is_absent) as is_collection_absent,
    coalesce(several_collections.is_newer_batch, collections.is_newer_batch) as is_newer_batch,
    series.first_idc_version,
    one_sided.may_be_withdrawn and withdrawn.natural_id is not null as is_withdrawn,
    absent_studies.natural_id is not null as is_parent_absent
from one_sided
left join {{ ref('fct_series') }} as series
    on one_sided.row_key = series.series_key
left join {{ ref('int_compared_collections') }} as collections
    on one_sided.comparison_id = collections.comparison_id
    and one_sided.side = collections.side
    and series.collection_key = collections.collection_key
left join several_collections
    on one_sided.comparison_id = several_collections.comparison_id
    and one_sided.side = several_collections.side
    and one_sided.row_key = several_collections.row_key
left join absent_studies
    on one_sided.pair_id = absent_studies.pair_id
    and one_sided.side = absent_studies.side
    and series.study_instance_uid = absent_studies.natural_id
left join withdrawn
    on one_sided.natural_id = withdrawn.natural_id
