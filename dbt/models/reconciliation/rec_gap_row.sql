-- Grain: one row of one side of a comparison that the other side lacks, with the one cause that tells why.
--
-- The causes are tried in the order of the case expression below (seed_gap_cause says what each means); what none of them
-- explains is 'unexplained'. Comparisons that were not made have no rows.

with one_sided as (

    select
        gaps.comparison_id,
        gaps.pair_id,
        gaps.side,
        gaps.row_kind,
        gaps.natural_id,
        gaps.row_key,
        gaps.is_repeated,
        comparisons.is_half_synthetic,
        comparisons.left_idc_version,
        case when gaps.side = 'left' then comparisons.hub_idc_version end as hub_idc_version,
        case when gaps.side = 'left' then comparisons.hub_midrc_date end as hub_midrc_date,
        comparisons.left_system = 'idc' and gaps.side = 'right' as may_be_withdrawn,
        case when gaps.side = 'left' then counts.right_count else counts.left_count end as other_count
    from {{ ref('int_one_sided') }} as gaps
    inner join {{ ref('int_comparisons') }} as comparisons
        on gaps.comparison_id = comparisons.comparison_id
    inner join {{ ref('int_side_counts') }} as counts
        on gaps.comparison_id = counts.comparison_id
    where comparisons.is_compared

),

-- Identifiers and collections of the rows, and the first release of IDC that held any of their series.
series_rows as (

    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        coalesce(series.has_valid_uid, false) as has_valid_id,
        series.first_idc_version,
        series.study_instance_uid as parent_id,
        series.series_instance_uid as own_id
    from one_sided
    left join {{ ref('fct_series') }} as series
        on one_sided.row_key = series.series_key
    where one_sided.row_kind = 'series'

),

study_versions as (

    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        min(series.first_idc_version) as first_idc_version
    from one_sided
    inner join {{ ref('fct_series') }} as series
        on one_sided.row_key = series.study_key
    where
        one_sided.row_kind = 'study'
        and one_sided.hub_idc_version is not null
    group by
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key

),

study_rows as (

    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        studies.has_valid_uid as has_valid_id,
        study_versions.first_idc_version,
        cast(null as {{ dbt.type_string() }}) as parent_id,
        studies.study_instance_uid as own_id
    from one_sided
    inner join {{ ref('dim_study') }} as studies
        on one_sided.row_key = studies.study_key
    left join study_versions
        on one_sided.comparison_id = study_versions.comparison_id
        and one_sided.side = study_versions.side
        and one_sided.row_key = study_versions.row_key
    where one_sided.row_kind = 'study'

),

patient_versions as (

    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        min(series.first_idc_version) as first_idc_version
    from one_sided
    inner join {{ ref('fct_series') }} as series
        on one_sided.row_key = series.patient_key
    where
        one_sided.row_kind = 'patient'
        and one_sided.hub_idc_version is not null
    group by
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key

),

patient_rows as (

    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        patients.patient_id is not null as has_valid_id,
        patient_versions.first_idc_version,
        cast(null as {{ dbt.type_string() }}) as parent_id,
        {{ snake_case_id('patients.collection_id') }} || '/' || patients.patient_id as own_id
    from one_sided
    inner join {{ ref('dim_patient') }} as patients
        on one_sided.row_key = patients.patient_key
    left join patient_versions
        on one_sided.comparison_id = patient_versions.comparison_id
        and one_sided.side = patient_versions.side
        and one_sided.row_key = patient_versions.row_key
    where one_sided.row_kind = 'patient'

),

described as (

    select * from series_rows
    union all
    select * from study_rows
    union all
    select * from patient_rows

),

collections as (

    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        one_sided.hub_midrc_date,
        links.collection_key
    from one_sided
    inner join {{ ref('bridge_series_collection') }} as links
        on one_sided.row_key = links.series_key
    where one_sided.row_kind = 'series'
    union all
    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        one_sided.hub_midrc_date,
        links.collection_key
    from one_sided
    inner join {{ ref('bridge_study_collection') }} as links
        on one_sided.row_key = links.study_key
    where one_sided.row_kind = 'study'
    union all
    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        one_sided.hub_midrc_date,
        links.collection_key
    from one_sided
    inner join {{ ref('bridge_patient_collection') }} as links
        on one_sided.row_key = links.patient_key
    where one_sided.row_kind = 'patient'

),

-- A row may have several collections: only what is true of all of them says something of the row.
collection_terms as (

    select
        collections.comparison_id,
        collections.side,
        collections.row_key,
        min(dim_collection.collection_id) as collection_id,
        count(matched.collection_key) = 0 as is_collection_absent,
        count(
            case
                when {{ batch_date('dim_collection.collection_id') }} > collections.hub_midrc_date then 1
            end
        ) = count(*) as is_newer_batch
    from collections
    inner join {{ ref('dim_collection') }} as dim_collection
        on collections.collection_key = dim_collection.collection_key
    left join {{ ref('int_matched_collections') }} as matched
        on collections.comparison_id = matched.comparison_id
        and collections.side = matched.side
        and collections.collection_key = matched.collection_key
    group by
        collections.comparison_id,
        collections.side,
        collections.row_key

),

withdrawn as (

    select
        'series' as row_kind,
        series_instance_uid as own_id
    from {{ ref('fct_series_version') }}
    union
    select
        'study' as row_kind,
        study_instance_uid as own_id
    from {{ ref('fct_series_version') }}
    union
    select
        'patient' as row_kind,
        {{ snake_case_id('collection_id') }} || '/' || patient_id as own_id
    from {{ ref('fct_series_version') }}

),

-- Parents that the other side lacks: the study of a series, a patient of a study.
absent_parents as (

    select distinct
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key
    from one_sided
    inner join series_rows
        on one_sided.comparison_id = series_rows.comparison_id
        and one_sided.side = series_rows.side
        and one_sided.row_key = series_rows.row_key
    inner join one_sided as studies
        on one_sided.pair_id = studies.pair_id
        and one_sided.side = studies.side
        and series_rows.parent_id = studies.natural_id
        and studies.row_kind = 'study'
    where one_sided.row_kind = 'series'
    union
    select distinct
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key
    from one_sided
    inner join {{ ref('bridge_study_patient') }} as links
        on one_sided.row_key = links.study_key
    inner join one_sided as patients
        on one_sided.pair_id = patients.pair_id
        and one_sided.side = patients.side
        and links.patient_key = patients.row_key
        and patients.row_kind = 'patient'
    where one_sided.row_kind = 'study'

)

select
    one_sided.comparison_id,
    one_sided.side,
    one_sided.row_key,
    one_sided.row_kind,
    one_sided.natural_id,
    collection_terms.collection_id,
    case
        when not described.has_valid_id then 'malformed_identifier'
        when one_sided.is_repeated then 'repeated_identifier'
        when one_sided.other_count = 0 then 'type_not_indexed'
        when collection_terms.is_collection_absent then 'collection_absent'
        when collection_terms.is_newer_batch then 'newer_than_hub'
        when coalesce(described.first_idc_version, one_sided.left_idc_version) > one_sided.hub_idc_version
            then 'newer_than_hub'
        when one_sided.may_be_withdrawn and withdrawn.own_id is not null then 'withdrawn'
        when absent_parents.row_key is not null then 'parent_absent'
        when one_sided.is_half_synthetic then 'synthetic_sample'
        else 'unexplained'
    end as cause
from one_sided
inner join described
    on one_sided.comparison_id = described.comparison_id
    and one_sided.side = described.side
    and one_sided.row_key = described.row_key
left join collection_terms
    on one_sided.comparison_id = collection_terms.comparison_id
    and one_sided.side = collection_terms.side
    and one_sided.row_key = collection_terms.row_key
left join withdrawn
    on one_sided.row_kind = withdrawn.row_kind
    and described.own_id = withdrawn.own_id
left join absent_parents
    on one_sided.comparison_id = absent_parents.comparison_id
    and one_sided.side = absent_parents.side
    and one_sided.row_key = absent_parents.row_key
