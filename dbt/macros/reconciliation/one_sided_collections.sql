{#
    The collections of one-sided rows as evidence, one row for each comparison_id, side and row_key. A row may have several
    collections: only what is true of all of them counts, and collection_id is the first of them.
#}
{% macro one_sided_collections(rows, entity) -%}
    select
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key,
        min(collections.collection_id) as collection_id,
        bool_and(collections.is_absent) as is_collection_absent,
        bool_and(collections.is_newer_batch) as is_newer_batch
    from {{ rows }} as one_sided
    inner join {{ ref('bridge_' ~ entity ~ '_collection') }} as links
        on one_sided.row_key = links.{{ entity }}_key
    inner join {{ ref('int_compared_collections') }} as collections
        on one_sided.comparison_id = collections.comparison_id
        and one_sided.side = collections.side
        and links.collection_key = collections.collection_key
    group by
        one_sided.comparison_id,
        one_sided.side,
        one_sided.row_key
{%- endmacro %}
