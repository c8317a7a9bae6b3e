{#
    The union of the rows of several models (`int_<source>__<entity>`), in the columns that the calling model's yml declares. A
    column whose `config.meta.sources` does not name the source of a model is null in the rows of that model, in the type that the
    calling model declares; a column without it is in every model.

    The database is not queried: the columns are those of the yml. A model that lacks a column which it should have fails in the
    database. Raises a compilation error for a source that none of the models is of, which would be a column of nulls.
#}
{% macro union_by_columns(models) -%}
    {%- set columns = model.columns.values() | list -%}
    {%- for name in models %}
    {%- set relation = ref(name) -%}
    {{- '\nunion all\n' if not loop.first -}}
select
        {%- for column in columns %}
    {{ column.name if source_of(name) in sources_of(column, models) else 'cast(null as ' ~ engine_type(column.data_type) ~ ') as ' ~ column.name }}
        {{- ',' if not loop.last }}
        {%- endfor %}
from {{ relation }}
    {%- endfor %}
{%- endmacro %}

{# The source of a model named int_<source>__<entity>. #}
{% macro source_of(name) -%}
    {{ return(name.split('__')[0] | replace('int_', '')) }}
{%- endmacro %}

{# The sources of those of `models` that have a column, as its yml says. #}
{% macro sources_of(column, models) -%}
    {%- set united = [] -%}
    {%- for name in models -%}
        {%- do united.append(source_of(name)) -%}
    {%- endfor -%}
    {%- set sources = column.config.meta.get('sources', united) -%}
    {%- set strange = sources | reject('in', united) | join(', ') -%}
    {%- if strange or not sources -%}
        {{ exceptions.raise_compiler_error(
            'The yml of ' ~ model.name ~ ' declares ' ~ column.name ~ ' for '
            ~ (strange ~ ', a source of none of ' if strange else 'no source; the sources are those of ')
            ~ models | join(', ') ~ ': name sources of these models, or leave `sources` out where all have the column.'
        ) }}
    {%- endif -%}
    {{ return(sources) }}
{%- endmacro %}
