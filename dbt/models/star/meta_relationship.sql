-- Grain: one column of one table that refers to a key of one table, as the yml files declare it.

with relationships as (

    {% for relationship in declared_relationships() -%}
    select
        {{ dbt.string_literal(relationship.from_table) }} as from_table,
        {{ dbt.string_literal(relationship.from_column) }} as from_column,
        {{ dbt.string_literal(relationship.to_table) }} as to_table,
        {{ dbt.string_literal(relationship.to_column) }} as to_column,
        {{ dbt.string_literal(relationship.kind) }} as kind,
        {% if relationship.rows_condition -%}
        {{ dbt.string_literal(dbt.escape_single_quotes(relationship.rows_condition)) }}
        {%- else -%}
        null
        {%- endif %} as rows_condition,
        {{ relationship.is_enforced | lower }} as is_enforced
    {%- if not loop.last %}
    union all
    {% endif -%}
    {%- else -%}
    select
        null as from_table,
        null as from_column,
        null as to_table,
        null as to_column,
        null as kind,
        null as rows_condition,
        null as is_enforced
    where false
    {%- endfor %}

)

select
    from_table,
    from_column,
    to_table,
    to_column,
    kind,
    cast(rows_condition as {{ dbt.type_string() }}) as rows_condition,
    is_enforced
from relationships
