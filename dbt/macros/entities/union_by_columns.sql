{#
    The union of the rows of several models, in the columns that the calling model's yml declares. A column that a model's own yml
    does not list is null in its rows, in the type that the calling model declares.

    The database is not queried: the columns are those of the yml files. Raises a compilation error for a model whose yml lists no
    columns, and for a column of the calling model that none of the models has.
#}
{% macro union_by_columns(models) -%}
    {%- set columns = model.columns.values() | list -%}
    {%- set listed = [] -%}
    {%- for name in models %}
    {%- set relation = ref(name) -%}
    {%- set present = declared_columns(name) -%}
    {%- do listed.extend(present) %}
    {{- '\nunion all\n' if not loop.first -}}
select
        {%- for column in columns %}
    {{ column.name if column.name in present else 'cast(null as ' ~ engine_type(column.data_type) ~ ') as ' ~ column.name }}
        {{- ',' if not loop.last }}
        {%- endfor %}
from {{ relation }}
    {%- endfor %}
    {%- set missing = columns | map(attribute='name') | reject('in', listed) | join(', ') -%}
    {%- if execute and missing -%}
        {{ exceptions.raise_compiler_error(
            'The yml of ' ~ model.name ~ ' declares ' ~ missing ~ ', which none of ' ~ models | join(', ')
            ~ ' has: add the column to one of these models and to its yml.'
        ) }}
    {%- endif -%}
{%- endmacro %}

{# The names of the columns that the yml of a model lists, in their order; none while dbt parses the project. #}
{% macro declared_columns(name) -%}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
            {%- do columns.extend(node.columns.keys()) -%}
        {%- endfor -%}
        {%- if not columns -%}
            {{ exceptions.raise_compiler_error('No yml lists the columns of ' ~ name ~ ': write one beside the model.') }}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}
