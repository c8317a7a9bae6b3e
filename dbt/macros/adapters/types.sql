{#
    The types of the project, in words that belong to no engine: string, integer (32 bits), bigint, double, boolean, date,
    timestamp, decimal(p, s), and any of them with [] for a list. The yml files say them: data_type of a model's column,
    column_types of a seed. engine_type turns a word into the engine's type.

    dbt needs types where it makes a table (fresh_table.sql), where it compares a contract with the query, and where it
    makes a seed; for the last two, dbt's own macros are called with the engine's types below. dbt has an aliasing of its
    own, which is off (alias_types in dbt_project.yml): its `float` has 32 bits on DuckDB, and it knows no lists.
#}
{% macro engine_type(data_type) -%}
    {{ return(adapter.dispatch('engine_type', 'imaging_commons')(data_type)) }}
{%- endmacro %}

{% macro default__engine_type(data_type) -%}
    {%- if data_type.endswith('[]') -%}
        {{ return(list_type(engine_type(data_type[:-2]))) }}
    {%- endif -%}
    {%- set engine_types = {
        'string': dbt.type_string(),
        'integer': dbt.type_int(),
        'bigint': dbt.type_bigint(),
        'double': 'double',
        'boolean': dbt.type_boolean(),
        'date': 'date',
        'timestamp': dbt.type_timestamp(),
    } -%}
    {%- if data_type in engine_types -%}
        {{ return(engine_types[data_type]) }}
    {%- elif modules.re.fullmatch('decimal[(][0-9]+, [0-9]+[)]', data_type) -%}
        {{ return(data_type) }}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        model.name ~ " has a column of type '" ~ data_type ~ "'. Write it as " ~ engine_types | join(', ')
        ~ ' or decimal(p, s), with [] for a list (dbt/macros/adapters/types.sql).'
    ) -%}
{%- endmacro %}

{# The type of a list of values of an engine's type. #}
{% macro list_type(element) -%}
    {{ return(adapter.dispatch('list_type', 'imaging_commons')(element)) }}
{%- endmacro %}

{% macro default__list_type(element) -%}
    {{ return('array<' ~ element ~ '>') }}
{%- endmacro %}

{% macro duckdb__list_type(element) -%}
    {{ return(element ~ '[]') }}
{%- endmacro %}

{# dbt's own, which makes the row of nulls that the columns of a contract are compared by. #}
{% macro default__get_empty_schema_sql(columns) -%}
    {%- set typed = {} -%}
    {%- for name, column in columns.items() -%}
        {#- A column without a type is dbt's to complain of. -#}
        {%- do typed.update({name: dict(column, data_type=engine_type(column['data_type'])) if column['data_type'] else column}) -%}
    {%- endfor -%}
    {{ return(dbt.default__get_empty_schema_sql(typed)) }}
{%- endmacro %}

{# dbt's own, which makes the table of a seed. #}
{% macro default__create_csv_table(model, agate_table) -%}
    {%- set types = {} -%}
    {%- for name, data_type in model['config'].get('column_types', {}).items() -%}
        {%- do types.update({name: engine_type(data_type)}) -%}
    {%- endfor -%}
    {%- set typed = dict(model, config=dict(model['config'], column_types=types)) -%}
    {{ return(dbt.default__create_csv_table(typed, agate_table)) }}
{%- endmacro %}
