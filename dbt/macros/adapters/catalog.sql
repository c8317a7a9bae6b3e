{#
    dbt-duckdb's own query for the catalog of `dbt docs`, with the rows of each table added: DuckDB keeps their exact
    number for a table that was written once. A view has none.
#}
{% macro duckdb__get_catalog_results_sql() -%}
    select
        tables.table_database,
        tables.table_schema,
        tables.table_name,
        tables.table_type,
        tables.table_comment,
        columns.column_name,
        columns.column_index,
        columns.column_type,
        columns.column_comment,
        cast(null as varchar) as table_owner,
        'Rows' as "stats:row_count:label",
        sizes.estimated_size as "stats:row_count:value",
        'Rows of the table' as "stats:row_count:description",
        sizes.estimated_size is not null as "stats:row_count:include"
    from tables
    join columns
        using (table_database, table_schema, table_name)
    left join duckdb_tables() as sizes
        on tables.table_database = sizes.database_name
        and tables.table_schema = sizes.schema_name
        and tables.table_name = sizes.table_name
    order by
        tables.table_schema,
        tables.table_name,
        columns.column_index
{%- endmacro %}
