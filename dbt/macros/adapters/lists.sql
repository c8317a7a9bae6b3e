{# How many elements a list has. #}
{% macro list_length(list) -%}
    {{ return(adapter.dispatch('list_length', 'imaging_commons')(list)) }}
{%- endmacro %}

{% macro default__list_length(list) -%}
    size({{ list }})
{%- endmacro %}

{% macro duckdb__list_length(list) -%}
    len({{ list }})
{%- endmacro %}

{# The first element of a list; null where the list has none. #}
{% macro list_first(list) -%}
    {{ return(adapter.dispatch('list_first', 'imaging_commons')(list)) }}
{%- endmacro %}

{% macro default__list_first(list) -%}
    get({{ list }}, 0)
{%- endmacro %}

{% macro duckdb__list_first(list) -%}
    ({{ list }})[1]
{%- endmacro %}

{# The element of a list that has one; null where the list has none or several. #}
{% macro only_element(list) -%}
    {{ return(adapter.dispatch('only_element', 'imaging_commons')(list)) }}
{%- endmacro %}

{% macro default__only_element(list) -%}
    case when size({{ list }}) = 1 then get({{ list }}, 0) end
{%- endmacro %}

{# Whatever DuckDB does with a list inside of a case costs it several times what it costs outside. #}
{% macro duckdb__only_element(list) -%}
    ({{ list }})[case when len({{ list }}) = 1 then 1 end]
{%- endmacro %}

{# The elements of a list, each once and without nulls. #}
{% macro distinct_elements(list) -%}
    {{ return(adapter.dispatch('distinct_elements', 'imaging_commons')(list)) }}
{%- endmacro %}

{% macro default__distinct_elements(list) -%}
    array_distinct(array_compact({{ list }}))
{%- endmacro %}

{% macro duckdb__distinct_elements(list) -%}
    list_distinct({{ list }})
{%- endmacro %}

{# The elements of a list of texts, trimmed; a blank one is null. #}
{% macro trimmed_elements(list) -%}
    {{ return(adapter.dispatch('trimmed_elements', 'imaging_commons')(list)) }}
{%- endmacro %}

{% macro default__trimmed_elements(list) -%}
    transform({{ list }}, element -> nullif({{ trimmed('element') }}, ''))
{%- endmacro %}

{# Sail 0.7 stops where a filter stands above a lambda (No field named ...). A blank one is left out here, not null. #}
{% macro sail__trimmed_elements(list) -%}
    {%- set spaces = '[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*' -%}
    array_remove(
        split(
            regexp_replace(
                {{ trimmed('array_join(' ~ list ~ ', chr(31))') }},
                '{{ spaces }}' || chr(31) || '{{ spaces }}',
                chr(31)
            ),
            chr(31)
        ),
        ''
    )
{%- endmacro %}

{% macro duckdb__trimmed_elements(list) -%}
    list_transform({{ list }}, lambda element: nullif(trim(element), ''))
{%- endmacro %}

{# The elements of a list of texts in one text, between them `separator` (SQL); null where the list has none. #}
{% macro joined_elements(list, separator) -%}
    {{ return(adapter.dispatch('joined_elements', 'imaging_commons')(list, separator)) }}
{%- endmacro %}

{% macro default__joined_elements(list, separator) -%}
    nullif(array_join({{ list }}, {{ separator }}), '')
{%- endmacro %}

{% macro duckdb__joined_elements(list, separator) -%}
    nullif(array_to_string({{ list }}, {{ separator }}), '')
{%- endmacro %}

{# As a column of a select: one row for each element of a list, none for an empty or a missing one. #}
{% macro unnest_list(list) -%}
    {{ return(adapter.dispatch('unnest_list', 'imaging_commons')(list)) }}
{%- endmacro %}

{% macro default__unnest_list(list) -%}
    explode({{ list }})
{%- endmacro %}

{% macro duckdb__unnest_list(list) -%}
    unnest({{ list }})
{%- endmacro %}

{# An aggregate: the different values of a group in one sorted list, without nulls; null where the group has none. #}
{% macro sorted_values(value) -%}
    {{ return(adapter.dispatch('sorted_values', 'imaging_commons')(value)) }}
{%- endmacro %}

{% macro default__sorted_values(value) -%}
    case when count({{ value }}) > 0 then array_sort(collect_set({{ value }})) end
{%- endmacro %}

{% macro duckdb__sorted_values(value) -%}
    list_sort(list(distinct {{ value }}) filter (where {{ value }} is not null))
{%- endmacro %}

{# A list of one value. #}
{% macro list_of(value) -%}
    {{ return(adapter.dispatch('list_of', 'imaging_commons')(value)) }}
{%- endmacro %}

{% macro default__list_of(value) -%}
    array({{ value }})
{%- endmacro %}

{% macro duckdb__list_of(value) -%}
    [{{ value }}]
{%- endmacro %}

{# The elements of a list in ascending order. #}
{% macro sorted_elements(list) -%}
    {{ return(adapter.dispatch('sorted_elements', 'imaging_commons')(list)) }}
{%- endmacro %}

{% macro default__sorted_elements(list) -%}
    array_sort({{ list }})
{%- endmacro %}

{% macro duckdb__sorted_elements(list) -%}
    list_sort({{ list }})
{%- endmacro %}

{# A list of those of the texts (SQL) that are not null, in their order. #}
{% macro list_of_known(texts) -%}
    {{ return(adapter.dispatch('list_of_known', 'imaging_commons')(texts)) }}
{%- endmacro %}

{% macro default__list_of_known(texts) -%}
    array_compact(array({{ texts | join(', ') }}))
{%- endmacro %}

{% macro duckdb__list_of_known(texts) -%}
    list_filter([{{ texts | join(', ') }}], lambda element: element is not null)
{%- endmacro %}
