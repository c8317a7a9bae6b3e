{#
    Whether a text has the form of a DICOM unique identifier (PS3.5 9.1): components of digits without leading zeros,
    joined by dots, 64 characters at most. A missing identifier is not one.
#}
{% macro is_dicom_uid(column) -%}
    coalesce(
        length({{ column }}) <= 64 and {{ matches_pattern(column, '(0|[1-9][0-9]*)([.](0|[1-9][0-9]*))*') }},
        false
    )
{%- endmacro %}
