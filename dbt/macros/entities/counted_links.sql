{#
    The number of links of each record (as `count`), and the identifiers in `columns` of records with exactly one link.

    Grain: one record, by its node id (the column `record`), with at least one link. `links` is a relation with one row a link.
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
