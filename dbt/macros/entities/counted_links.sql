{#
    What each record of a list of links names: how many (`count`), and the identifiers (`columns`) where it names one alone.

    Grain: one record (`record`, the column with its node id) that names any. `links` is a relation with one row for each thing
    that a record names.
#}
{% macro counted_links(links, record, count, columns) -%}
    select
        {{ record }},
        {%- for column in columns %}
        case when count(*) = 1 then min({{ column }}) end as {{ column }},
        {%- endfor %}
        count(*) as {{ count }}
    from {{ links }}
    group by {{ record }}
{%- endmacro %}
