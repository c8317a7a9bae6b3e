{#
    Terms of closed vocabularies (sex, race, ethnicity, covid19_status, algorithm_type). The seed map_<term> maps the raw texts of
    each source (column `raw`, <term>_raw by default) to harmonised terms.

    join_terms joins the seed to `relation` and adds no rows; texts are compared without case unless any_case is false.
    harmonised_term is the term: `unmapped` for a text that the seed lacks, and `when_null` (SQL) where there is no text.
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
