{#
    Joins to the records of the Hub whose identifier is missing or repeated (int_bih__repeated_ids), under the name `alias`.
    Where a row finds one, the record is keyed by its node id, else by its identifier:
    coalesce(<alias>.node_id, <identifier>). No join makes a row more.

    join_repeated_record joins by the node id of a record itself; join_repeated_reference by the identifier with which a record
    of a project refers to another one.
#}
{% macro join_repeated_record(alias, entity, node_id) -%}
    left join {{ ref('int_bih__repeated_ids') }} as {{ alias }}
        on {{ node_id }} = {{ alias }}.node_id
        and {{ alias }}.entity = '{{ entity }}'
{%- endmacro %}

{% macro join_repeated_reference(alias, entity, natural_id, project_id) -%}
    left join {{ ref('int_bih__repeated_ids') }} as {{ alias }}
        on {{ natural_id }} = {{ alias }}.natural_id
        and {{ project_id }} = {{ alias }}.project_id
        and {{ alias }}.entity = '{{ entity }}'
        and {{ alias }}.is_referred_to
{%- endmacro %}
