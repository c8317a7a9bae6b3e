-- Grain: one row of one side of a comparison that the other side lacks, with the one cause that tells why.
--
-- The causes are tried in the order of the case expression below (seed_gap_cause says what each means); what none of them
-- explains is 'unexplained'. Comparisons that were not made have no rows.

with one_sided as (

    {% for entity in ['patients', 'studies', 'series'] -%}
    select
        comparison_id,
        side,
        row_kind,
        row_key,
        natural_id,
        is_repeated,
        has_valid_id,
        collection_id,
        is_collection_absent,
        is_newer_batch,
        first_idc_version,
        is_withdrawn,
        is_parent_absent
    from {{ ref('int_one_sided_' ~ entity) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- What is known of the other side. Only the Hub, always on the right, says how new it is.
other_sides as (

    select
        comparisons.comparison_id,
        'left' as side,
        counts.right_count as row_count,
        comparisons.is_half_synthetic,
        comparisons.left_idc_version,
        comparisons.hub_idc_version
    from {{ ref('int_comparisons') }} as comparisons
    inner join {{ ref('int_side_counts') }} as counts
        on comparisons.comparison_id = counts.comparison_id
    union all
    select
        comparisons.comparison_id,
        'right' as side,
        counts.left_count as row_count,
        comparisons.is_half_synthetic,
        comparisons.left_idc_version,
        cast(null as {{ dbt.type_bigint() }}) as hub_idc_version
    from {{ ref('int_comparisons') }} as comparisons
    inner join {{ ref('int_side_counts') }} as counts
        on comparisons.comparison_id = counts.comparison_id

)

select
    one_sided.comparison_id,
    one_sided.side,
    one_sided.row_key,
    one_sided.row_kind,
    one_sided.natural_id,
    one_sided.collection_id,
    case
        when not one_sided.has_valid_id then 'malformed_identifier'
        when one_sided.is_repeated then 'repeated_identifier'
        when other_sides.row_count = 0 then 'type_not_indexed'
        when one_sided.is_collection_absent then 'collection_absent'
        when one_sided.is_newer_batch then 'newer_than_hub'
        when coalesce(one_sided.first_idc_version, other_sides.left_idc_version) > other_sides.hub_idc_version
            then 'newer_than_hub'
        when one_sided.is_withdrawn then 'withdrawn'
        when one_sided.is_parent_absent then 'parent_absent'
        when other_sides.is_half_synthetic then 'synthetic_sample'
        else 'unexplained'
    end as cause
from one_sided
inner join other_sides
    on one_sided.comparison_id = other_sides.comparison_id
    and one_sided.side = other_sides.side
