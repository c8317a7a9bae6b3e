{#
    The values of each study in a bridge (`relation`): how many (value_count), the surrogate key of a single value (only_key, from
    the column `key`), and all values in one sorted list (listed). `where` (SQL) restricts the rows of the bridge.

    Grain: one study with a value. Values are sorted only for studies with several: sorting all of them is most of the cost.
#}
{% macro listed_values(relation, value, key, where) -%}
    select
        counted.study_key,
        counted.value_count,
        case when counted.value_count = 1 then counted.first_key end as only_key,
        coalesce(several.listed, {{ list_of('counted.first_value') }}) as listed
    from (
        select
            study_key,
            count(*) as value_count,
            min({{ key }}) as first_key,
            min({{ value }}) as first_value
        from {{ relation }}
        where {{ where }}
        group by study_key
    ) as counted
    left join (
        select
            parts.study_key,
            {{ sorted_values('parts.' ~ value) }} as listed
        from {{ relation }} as parts
        inner join (
            select study_key
            from {{ relation }}
            where {{ where }}
            group by study_key
            having count(*) > 1
        ) as many
            on parts.study_key = many.study_key
        where {{ where }}
        group by parts.study_key
    ) as several
        on counted.study_key = several.study_key
{%- endmacro %}
