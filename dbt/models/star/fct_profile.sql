-- Grain: one figure of one landed dataset, or of one table of this snapshot.
--
-- Measured, not modelled: the build fills it once its other tables are there (warehouse/build/profile.py).

select
    cast(null as {{ engine_type('bigint') }}) as profile_key,
    cast(null as {{ engine_type('bigint') }}) as source_key,
    cast(null as {{ engine_type('string') }}) as layer,
    cast(null as {{ engine_type('string') }}) as source_id,
    cast(null as {{ engine_type('string') }}) as release_version,
    cast(null as {{ engine_type('string') }}) as dataset,
    cast(null as {{ engine_type('string') }}) as column_name,
    cast(null as {{ engine_type('string') }}) as metric,
    cast(null as {{ engine_type('string') }}) as scope_column,
    cast(null as {{ engine_type('string') }}) as scope_value,
    cast(null as {{ engine_type('string') }}) as value,
    cast(null as {{ engine_type('boolean') }}) as is_other,
    cast(null as {{ engine_type('double') }}) as number,
    cast(null as {{ engine_type('double') }}) as share_of_rows
where false
