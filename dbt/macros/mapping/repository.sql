{#
    The repository of a record of the Hub, by the name that the Hub has for it (`commons_name`, SQL). join_repository joins the
    repositories of seed_source and adds no rows; federated_repository_id and federated_repository_key are null without a name.
#}
{% macro join_repository(commons_name) -%}
    left join (
        select
            lower(commons_name) as commons_name,
            source_id as repository_id,
            {{ surrogate_key(['source_id']) }} as repository_key
        from {{ ref('seed_source') }}
        where commons_name is not null
    ) as known_repositories
        on lower({{ commons_name }}) = known_repositories.commons_name
{%- endmacro %}

{% macro federated_repository_id(commons_name) -%}
    {{ repository_id(commons_name, 'known_repositories.repository_id') }}
{%- endmacro %}

{% macro federated_repository_key(commons_name) -%}
    coalesce(known_repositories.repository_key, {{ reference_key([federated_repository_id(commons_name)]) }})
{%- endmacro %}
