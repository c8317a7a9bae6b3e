{#
    How Spark makes a table: one folder of files for each, below var('icw_output'), in the format var('icw_table_format').
    Sail takes Spark's macros.
#}
{% macro spark__file_format_clause() -%}
    using {{ var('icw_table_format') }}
{%- endmacro %}

{% macro spark__location_clause() -%}
    location '{{ var('icw_output') }}/{{ model.schema }}/{{ model.alias }}'
{%- endmacro %}

{#
    The columns of a table in the types of its contract. DuckDB turns what a query gives into them as it inserts, and
    stops where a value has no place there; so does Spark's cast.
#}
{% macro spark__get_select_subquery(sql) -%}
    select
    {%- for name, column in model['columns'].items() %}
        cast({{ name }} as {{ engine_type(column['data_type']) }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from (
        {{ sql }}
    ) as model_subq
{%- endmacro %}

{# The casts above need each column of the contract; dbt would compare the names that engines give to types. #}
{% macro spark__get_assert_columns_equivalent(sql) -%}
{%- endmacro %}

{# The constraints of a contract are the audit's to count (macros/materializations/fresh_table.sql). #}
{% macro spark__persist_constraints(relation, model) -%}
{%- endmacro %}
