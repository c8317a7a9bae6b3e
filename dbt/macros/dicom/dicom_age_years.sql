{#
    Age in years (decimal, three places) from a DICOM age string (value representation AS, PS3.5 6.2: three digits and
    one of D, W, M, Y). Lower-case units are accepted: the real index holds some. Anything else is null; the raw text stays beside it.
#}
{% macro dicom_age_years(column) -%}
    case
        when {{ matches_pattern(column, '[0-9]{3}[DdWwMmYy]') }} then
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
            )
    end
{%- endmacro %}
