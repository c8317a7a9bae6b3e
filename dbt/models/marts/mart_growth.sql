-- Grain: one data release of IDC that is known to have held series.

with releases as (

    select
        idc_version_key,
        source_key,
        source_id,
        idc_version,
        released_on,
        count(*) as collection_count,
        cast({{ metric('release_series') }} as {{ dbt.type_bigint() }}) as series_count,
        cast({{ metric('release_studies') }} as {{ dbt.type_bigint() }}) as study_count,
        cast({{ metric('release_bytes') }} as {{ dbt.type_bigint() }}) as size_bytes
    from {{ ref('rpt_growth') }}
    group by
        idc_version_key,
        source_key,
        source_id,
        idc_version,
        released_on

)

select
    idc_version_key,
    source_key,
    source_id,
    idc_version,
    released_on,
    collection_count,
    series_count,
    study_count,
    size_bytes,
    collection_count - lag(collection_count) over (order by idc_version nulls last) as collection_growth,
    series_count - lag(series_count) over (order by idc_version nulls last) as series_growth,
    study_count - lag(study_count) over (order by idc_version nulls last) as study_growth,
    size_bytes - lag(size_bytes) over (order by idc_version nulls last) as size_growth_bytes
from releases
