{#
    The value that a text states, or null where it states none: numbers, dates, times and truth values in the forms that stand
    here. What else an engine would take for one (DuckDB 1_000, Spark the year 2020 for its first day) is none on any.
#}

{# A whole number, as bigint. JSON writes 12 and 12.0 for the same number. #}
{% macro stated_whole_number(text) -%}
    case
        when {{ matches_pattern(text, ' *[+-]?[0-9]{1,18}([.]0*)? *') }}
            then cast(trim({{ text_part(text, '.', 1) }}) as {{ dbt.type_bigint() }})
    end
{%- endmacro %}

{# A number, as double: decimal, with an exponent or not, an infinity, or `nan`. #}
{% macro stated_number(text) -%}
    case
        when {{ matches_pattern(
            text,
            ' *([+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN]) *'
        ) }}
            then {{ cast_or_null(text, 'double') }}
    end
{%- endmacro %}

{# A date in the form of ISO 8601, YYYY-MM-DD, with a time after it or not. #}
{% macro stated_date(text) -%}
    case
        when {{ matches_pattern(text, ' *[0-9]{4}-[0-9]{2}-[0-9]{2}([^0-9].*)?') }}
            then {{ cast_or_null('substr(trim(' ~ text ~ '), 1, 10)', 'date') }}
    end
{%- endmacro %}

{#
    A moment in the form of ISO 8601, as timestamp in UTC. Without an offset it is one of UTC; with another offset than zero it is
    none: engines shift it or drop the offset.
#}
{% macro stated_timestamp(text) -%}
    {%- set moment = '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)?' -%}
    case
        when {{ matches_pattern(text, ' *' ~ moment ~ '(Z|[+-]00(:?00)?)? *') }}
            then {{ cast_or_null(first_match(text, '(' ~ moment ~ ')'), dbt.type_timestamp()) }}
    end
{%- endmacro %}

{# A truth value: true or false, t or f, yes or no, y or n, 1 or 0, in any case. #}
{% macro stated_boolean(text) -%}
    case
        when lower({{ trimmed(text) }}) in ('true', 't', 'yes', 'y', '1') then true
        when lower({{ trimmed(text) }}) in ('false', 'f', 'no', 'n', '0') then false
    end
{%- endmacro %}

{# The date that a text of eight digits (YYYYMMDD) states. #}
{% macro date_of_digits(text) -%}
    case
        when {{ matches_pattern(text, '[0-9]{8}') }}
            then {{ cast_or_null(
                "substr(" ~ text ~ ", 1, 4) || '-' || substr(" ~ text ~ ", 5, 2) || '-' || substr(" ~ text ~ ", 7, 2)", 'date'
            ) }}
    end
{%- endmacro %}
