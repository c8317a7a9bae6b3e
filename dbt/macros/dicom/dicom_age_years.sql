{#
    Age in years (double, three places) from a DICOM age string (value representation AS, PS3.5 6.2: three digits and
    one of D, W, M, Y). Lower-case units are accepted: the real index holds some. Anything else is null; the raw text stays beside it.
#}
{% macro dicom_age_years(column) -%}
    case
        when {{ matches_pattern(column, '[0-9]{3}[DdWwMmYy]') }} then
            cast(
                cast(
                    round(
                        cast(substr({{ column }}, 1, 3) as decimal(18, 6))
                        / case upper(substr({{ column }}, 4, 1))
                            when 'Y' then 1
                            when 'M' then 12
                            when 'W' then 52.178571
                            else 365.25
                        end,
                        3
                    ) as decimal(9, 3)
                ) as double
            )
    end
{%- endmacro %}

{#
    Whether an age string that states `years` stands for an age that nobody knows: more than 120 years (999Y and its kind), or none
    in whole years (000Y), which systems fill in. Fewer than a year is told in months, weeks or days, so 000M, 000W and 000D
    are ages of newborns; and so is 000Y where `states_children` says that whole years are told of children there.
#}
{% macro is_placeholder_age(column, years, states_children) -%}
    coalesce({{ years }} > 120, false)
    or (coalesce(upper({{ column }}) = '000Y', false) and not {{ states_children }})
{%- endmacro %}
