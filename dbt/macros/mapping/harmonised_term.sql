{#
    Terms of closed lists (sex, race, ethnicity, covid19_status, algorithm_type). The seed map_<term> has for each source the texts
    that it writes (`text_column`, <term>_raw if not given) and the terms that they mean. Case does not matter unless told.

    join_terms joins the seed to `relation`; no row becomes more. harmonised_term is the term, `unmapped` for a text without one,
    and `when_null` (SQL) where there is no text.
#}
{% macro join_terms(term, relation, raw=none, any_case=true) -%}
    {%- set text = raw or term ~ '_raw' -%}
    left join {{ ref('map_' ~ term) }} as map_{{ term }}
        on {{ relation }}.source_id = map_{{ term }}.source_id
        {%- if any_case %}
        and lower({{ relation }}.{{ text }}) = lower(map_{{ term }}.{{ text }})
        {%- else %}
        and {{ relation }}.{{ text }} = map_{{ term }}.{{ text }}
        {%- endif %}
{%- endmacro %}

{% macro harmonised_term(term, relation, raw=none, when_null="'missing'") -%}
    case
        when {{ relation }}.{{ raw or term ~ '_raw' }} is null then {{ when_null }}
        else coalesce(map_{{ term }}.{{ term }}, 'unmapped')
    end
{%- endmacro %}

{# The one term of a group of rows: `missing` where no row has any, `conflicting` where they disagree. #}
{% macro agreed_term(term) -%}
    case
        when min({{ term }}) is null then 'missing'
        when min({{ term }}) <> max({{ term }}) then 'conflicting'
        else min({{ term }})
    end
{%- endmacro %}
