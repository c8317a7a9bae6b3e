{#
    What the rows of `relation` of one study list: value_count rows, the only value as its key (`only_key`, from the column `key`),
    and all values in one text (`texts`), sorted and joined by the backslash, as DICOM writes an attribute of several values.

    Grain: one study with a value. Only where there are several, the texts must be put in order: most studies have one, and
    sorting costs most.
#}
{% macro listed_values(relation, value, key, where) -%}
    select
        counted.study_key,
        counted.value_count,
        case when counted.value_count = 1 then counted.first_key end as only_key,
        coalesce(listed.texts, counted.first_text) as texts
    from (
        select
            study_key,
            count(*) as value_count,
            min({{ key }}) as first_key,
            min({{ value }}) as first_text
        from {{ relation }}
        where {{ where }}
        group by study_key
    ) as counted
    left join (
        select
            parts.study_key,
            {{ dbt.listagg('parts.' ~ value, 'chr(92)', 'order by parts.' ~ value) }} as texts
        from {{ relation }} as parts
        inner join (
            select study_key
            from {{ relation }}
            where {{ where }}
            group by study_key
            having count(*) > 1
        ) as several
            on parts.study_key = several.study_key
        where {{ where }}
        group by parts.study_key
    ) as listed
        on counted.study_key = listed.study_key
{%- endmacro %}
