{#
    The sex of a group of rows with harmonised sexes. other, unknown and their kind say nothing against female or male and yield to
    it, and unknown and its kind yield to other. female beside male, and a text without a mapping beside any other, are `conflicting`;
    `missing` where no row has a sex.

    sex_values_yielded tells whether the rows differ and one prevailed.
#}
{% macro prevailing_sex(sex='sex') -%}
    {%- set specific = "case when " ~ sex ~ " in ('female', 'male', 'unmapped') then " ~ sex ~ " end" -%}
    {%- set telling = "case when " ~ sex ~ " in ('female', 'male', 'unmapped', 'other') then " ~ sex ~ " end" -%}
    case
        when min({{ sex }}) is null then 'missing'
        when min({{ sex }}) = max({{ sex }}) then min({{ sex }})
        when min({{ specific }}) <> max({{ specific }}) or max({{ specific }}) = 'unmapped' then 'conflicting'
        else coalesce(min({{ specific }}), min({{ telling }}), 'conflicting')
    end
{%- endmacro %}

{% macro sex_values_yielded(sex='sex') -%}
    coalesce(min({{ sex }}) <> max({{ sex }}), false) and {{ prevailing_sex(sex) }} <> 'conflicting'
{%- endmacro %}
