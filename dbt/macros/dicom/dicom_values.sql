{#
    The values of a list in one text, joined by the backslash, as DICOM writes an attribute of several values (PS3.5 6.4): body
    parts and licences hold commas. Null where the list has none.
#}
{% macro dicom_values(column) -%}
    {{ joined_elements(column, 'chr(92)') }}
{%- endmacro %}
