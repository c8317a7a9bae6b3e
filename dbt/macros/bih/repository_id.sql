{#
    The source_id of a repository that the BDF Imaging Hub federates: the one that seed_source has for the Hub's name of it
    (`mapped`), else one made of the name, so that a repository that joins the Hub has a row of its own from its first day.
#}
{% macro repository_id(commons_name, mapped) -%}
    coalesce({{ mapped }}, 'bih_' || {{ snake_case_id(commons_name) }})
{%- endmacro %}
