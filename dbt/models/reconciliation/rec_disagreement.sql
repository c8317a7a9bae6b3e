-- Grain: one attribute of the rows that both sides of a comparison describe: on how many they agree, differ, or one is silent.

{% set compared = [
    ('midrc-bih:case', 'patient', 'midrc', 'bih_midrc', 'bih', ['sex', 'race', 'ethnicity', 'age_years']),
    ('midrc-bih:study', 'study', 'midrc', 'bih_midrc', 'bih', ['modalities', 'age_years']),
    ('midrc-bih:series', 'series', 'midrc', 'bih_midrc', 'bih', ['modality', 'body_part_id', 'license_id']),
    ('idc-bih:patient', 'patient', 'idc', 'bih_idc', 'bih', ['sex', 'age_years']),
    ('idc-bih:study', 'study', 'idc', 'bih_idc', 'bih', ['modalities', 'age_years']),
    ('idc-bih:series', 'series', 'idc', 'bih_idc', 'bih', ['modality', 'body_part_id', 'license_id']),
    ('idc-bih_tcia:series', 'series', 'idc', 'bih_tcia', 'bih_tcia', ['modality', 'body_part_id', 'license_id']),
] -%}

with compared as (

    {% for comparison_id, entity, left, right, said, attributes in compared -%}
    {%- set last_pair = loop.last -%}
    {%- for attribute in attributes %}
    select
        '{{ comparison_id }}' as comparison_id,
        '{{ attribute }}' as attribute,
        count(*) as compared_count,
        count(case when {{ left }}_{{ attribute }} = {{ said }}_{{ attribute }} then 1 end) as agreeing_count,
        count(case when {{ left }}_{{ attribute }} <> {{ said }}_{{ attribute }} then 1 end) as disagreeing_count,
        count(
            case when {{ left }}_{{ attribute }} is null and {{ said }}_{{ attribute }} is not null then 1 end
        ) as left_missing_count,
        count(
            case when {{ left }}_{{ attribute }} is not null and {{ said }}_{{ attribute }} is null then 1 end
        ) as right_missing_count,
        count(
            case when {{ left }}_{{ attribute }} is null and {{ said }}_{{ attribute }} is null then 1 end
        ) as both_missing_count
    from {{ ref('xwalk_' ~ entity) }}
    where
        {{ left }}_count > 0
        and {{ right }}_count > 0
    {{ 'union all' if not (last_pair and loop.last) }}
    {%- endfor %}
    {%- endfor %}

)

select
    comparison_id,
    attribute,
    compared_count,
    agreeing_count,
    disagreeing_count,
    left_missing_count,
    right_missing_count,
    both_missing_count
from compared
