{#
    The references that the yml files declare (relationships tests) between tables of the star, as a list of mappings:
    from_table, from_column, to_table, to_column, kind, rows_condition (SQL, or none) and is_enforced; sorted. Nothing
    while dbt parses, when the project is not yet known.
#}
{% macro declared_relationships() -%}
    {%- set found = [] -%}
    {%- for test in (graph.nodes.values() if execute else []) -%}
        {%- if test.resource_type == 'test' and (test.test_metadata or {}).get('name') == 'relationships' -%}
            {%- set child = graph.nodes[test.attached_node] -%}
            {%- set others = test.depends_on.nodes | reject('equalto', child.unique_id) | list -%}
            {%- set parent = graph.nodes[others[0] if others else child.unique_id] -%}
            {%- set column = test.test_metadata.kwargs.column_name -%}
            {%- if child.schema == model.schema and parent.schema == model.schema -%}
                {%- do found.append({
                    'from_table': child.alias,
                    'from_column': column,
                    'to_table': parent.alias,
                    'to_column': test.test_metadata.kwargs.field,
                    'kind': 'one to one' if child.config.meta.primary_key == [column] else 'many to one',
                    'rows_condition': test.config.where,
                    'is_enforced': test.config.severity | lower != 'warn',
                }) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found | sort(attribute='from_table,from_column,to_table,to_column')) }}
{%- endmacro %}
