-- Grain: one landed dataset, or one table of the star that the profile measures.
--
-- The build makes it after the profile (warehouse/build/__init__.py): before, fct_profile has no rows.

with figures as (

    select
        layer,
        source_key,
        source_id,
        dataset,
        metric,
        column_name,
        number
    from {{ ref('fct_profile') }}
    where
        metric in ('rows', 'distinct keys', 'null')
        and scope_column is null
        and not is_other

),

assets as (

    select
        layer,
        source_key,
        source_id,
        dataset,
        max(case when metric = 'rows' then number end) as row_count,
        max(case when metric = 'distinct keys' then number end) as distinct_key_count,
        count(case when metric = 'null' then column_name end) as column_count,
        sum(case when metric = 'null' then number end) as missing_cell_count,
        count(case when metric = 'null' and number = 0 then column_name end) as complete_column_count
    from figures
    group by
        layer,
        source_key,
        source_id,
        dataset

)

select
    {{ surrogate_key(['layer', 'source_id', 'dataset']) }} as asset_key,
    source_key,
    layer,
    source_id,
    dataset,
    cast(row_count as {{ dbt.type_bigint() }}) as row_count,
    cast(distinct_key_count as {{ dbt.type_bigint() }}) as distinct_key_count,
    column_count,
    complete_column_count,
    cast(row_count as {{ dbt.type_bigint() }}) * column_count as cell_count,
    cast(missing_cell_count as {{ dbt.type_bigint() }}) as missing_cell_count
from assets
