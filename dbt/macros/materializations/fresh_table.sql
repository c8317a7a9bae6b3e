{#
    A table of a build. A build's file is its own and the table is not in it yet (warehouse/build/__init__.py takes it out):
    it is made under its name, without what dbt does elsewhere to put a new table in the place of an old one. The contract
    is checked as ever. The statement is kept as a file below target/run: a build runs it again over landed data
    (warehouse/build/statements.py). The response has the number of rows, which DuckDB counts as it inserts.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- set creation = create_table_as(false, target_relation, compiled_code) -%}
    {% do write(creation) %}
    {% call statement('create', fetch_result=true) -%}
        {{ creation }}
    {%- endcall %}
    {% do store_raw_result(name='main', message='OK', code='INSERT', rows_affected=load_result('create').table.rows[0][0]) %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{#
    The columns of a table and their types. The constraints of the contract are not the engine's to hold: a single null
    would stop the models of a whole night. The audit counts and names what breaks them (warehouse/dbt_manifest.py).
#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    (
    {% for name, column in model['columns'].items() -%}
        {{ adapter.quote(name) if column.get('quote') else name }} {{ engine_type(column['data_type']) }}{{ ", " if not loop.last }}
    {% endfor %}
    )
{%- endmacro %}
