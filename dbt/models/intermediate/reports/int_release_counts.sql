-- Grain: one total of what a system or repository publishes beside patients, studies, series and files: collections, analysis
-- results, versions, types of records, and the objects that Indexd reports.

with collections as (

    {{ with_repositories(ref('dim_collection'), ['is_in_release']) }}

),

counts as (

    select
        source_id,
        'collection' as entity,
        'collections' as metric,
        count(*) as counted
    from collections
    where is_in_release
    group by source_id
    union all
    select
        source_id,
        'analysis_result' as entity,
        'analysis_results' as metric,
        count(*) as counted
    from {{ ref('dim_analysis_result') }}
    where is_described
    group by source_id
    union all
    select
        source_id,
        'release' as entity,
        'latest_version' as metric,
        max(last_idc_version) as counted
    from {{ ref('fct_series_version') }}
    group by source_id
    union all
    select
        source_id,
        'record_type' as entity,
        'record_types' as metric,
        count(*) as counted
    from {{ ref('dim_release') }}
    where
        status = 'landed'
        and role = 'described'
        and (
            (
                source_id = 'midrc'
                and dataset in ('case', 'imaging_study', 'data_file', 'measurement', 'annotation', 'radiology_report')
            )
            or (source_id = 'bih' and dataset in ('subject', 'imaging_study', 'imaging_series', 'dataset'))
        )
    group by source_id
    union all
    select
        source_id,
        'indexd_file' as entity,
        case when unit = 'bytes' then 'size_bytes' else 'indexd_files' end as metric,
        sum(reported_count) as counted
    from {{ ref('fct_reported_count') }}
    where entity = 'indexd_file'
    group by
        source_id,
        case when unit = 'bytes' then 'size_bytes' else 'indexd_files' end

)

select
    source_id,
    entity,
    'total' as dimension,
    'all' as dimension_value,
    metric,
    cast(counted as {{ dbt.type_bigint() }}) as counted
from counts
