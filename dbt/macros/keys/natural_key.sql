{#
    What the records of a dataset are keyed by: the identifier. Where it is missing, or a record before (by node id) has it
    too, the node id.
#}
{% macro natural_key(identifier, node_id) -%}
    case
        when {{ identifier }} is null or row_number() over (partition by {{ identifier }} order by {{ node_id }} nulls last) > 1
            then {{ node_id }}
        else {{ identifier }}
    end
{%- endmacro %}
