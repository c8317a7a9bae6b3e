{#
    The rows of `relation` with these columns: each under its source_id and, where a repository of the BDF Imaging Hub holds it,
    once more with the repository as its source_id.
#}
{% macro with_repositories(relation, columns) -%}
    select
        source_id,
        {{ columns | join(',\n        ') }}
    from {{ relation }}
    union all
    select
        repository_id as source_id,
        {{ columns | join(',\n        ') }}
    from {{ relation }}
    where repository_id is not null
{%- endmacro %}
