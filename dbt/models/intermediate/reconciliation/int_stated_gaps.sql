-- Grain: one comparison of two stated numbers, or of one collection's two numbers: nothing lists the rows behind them.

with collections as (

    select
        collections.collection_key,
        collections.is_described,
        coalesce(max(collections.subjects_reported), 0) as subjects_reported,
        count(patients.patient_key) as patient_count
    from {{ ref('dim_collection') }} as collections
    left join {{ ref('dim_patient') }} as patients
        on collections.collection_key = patients.collection_key
    where
        collections.source_id = 'idc'
        and collections.is_in_release
    group by
        collections.collection_key,
        collections.is_described

),

files as (

    select
        count(*) as files,
        coalesce(sum(size_bytes), 0) as bytes
    from {{ ref('fct_file') }}

),

indexd as (

    select
        max(case when dimension = '_totalCount' then reported_count end) as files,
        max(case when dimension = 'total_file_size' then reported_count end) as bytes
    from {{ ref('fct_reported_count') }}
    where entity = 'indexd_file'

),

stated as (

    select
        'idc-idc_collections:collection' as comparison_id,
        case when patient_count > 0 then 1 else 0 end as left_count,
        case when is_described then 1 else 0 end as right_count,
        'not_described' as left_cause,
        'without_series' as right_cause
    from collections
    union all
    select
        'idc-idc_collections:patient' as comparison_id,
        patient_count as left_count,
        subjects_reported as right_count,
        case when is_described then 'counted_otherwise' else 'not_described' end as left_cause,
        case when patient_count > 0 then 'counted_otherwise' else 'without_series' end as right_cause
    from collections
    {%- for entity, column in {'file': 'files', 'byte': 'bytes'}.items() %}
    union all
    select
        'midrc-indexd:{{ entity }}' as comparison_id,
        files.{{ column }} as left_count,
        indexd.{{ column }} as right_count,
        'unexplained' as left_cause,
        'beyond_record_types' as right_cause
    from files
    cross join indexd
    {%- endfor %}
    union all
    select
        reported.source_id || '_reported-' || reported.source_id || ':' || reported.entity as comparison_id,
        reported.reported_count as left_count,
        coalesce(loads.row_count, 0) as right_count,
        'unexplained' as left_cause,
        'unexplained' as right_cause
    from {{ ref('fct_reported_count') }} as reported
    inner join {{ ref('dim_release') }} as loads
        on reported.source_id = loads.source_id
        and reported.entity = loads.dataset
        and loads.role = 'described'
    where reported.dimension = '_totalCount'

)

select
    stated.comparison_id,
    cast(stated.left_count as {{ dbt.type_bigint() }}) as left_count,
    cast(stated.right_count as {{ dbt.type_bigint() }}) as right_count,
    stated.left_cause,
    stated.right_cause
from stated
inner join {{ ref('int_comparisons') }} as comparisons
    on stated.comparison_id = comparisons.comparison_id
where comparisons.is_compared
