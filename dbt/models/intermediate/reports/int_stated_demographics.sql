-- Grain: one text that the patients of one source state for a vocabulary of demographics, mapped or not.
--
-- A text counts once for each patient that states it, also where others stand beside it in a list; each is mapped by itself.

{% set stated = [
    ('sex', 'sex', 'sex_raw', unnest_list('sexes_raw')),
    ('race', 'race', 'race_raw', 'race_raw'),
    ('ethnicity', 'ethnicity', 'ethnicity_raw', unnest_list('ethnicities_raw')),
    ('COVID-19 status', 'covid19_status', 'covid19_positive_raw', 'covid19_positive_raw'),
] %}

with {% for vocabulary, term, text, value in stated -%}
{{ term }}_texts as (

    select
        source_id,
        {{ value }} as {{ text }}
    from {{ ref('dim_patient') }}

){{ ',' if not loop.last }}

{% endfor -%}
{% for vocabulary, term, text, value in stated %}
select
    texts.source_id,
    'patient' as record,
    '{{ vocabulary }}' as vocabulary,
    texts.{{ text }} as raw_value,
    map_{{ term }}.{{ term }} is not null as is_mapped,
    count(*) as record_count
from {{ term }}_texts as texts
{{ join_terms(term, 'texts', text) }}
where texts.{{ text }} is not null
group by
    texts.source_id,
    texts.{{ text }},
    map_{{ term }}.{{ term }} is not null
{{ 'union all' if not loop.last }}
{%- endfor %}
