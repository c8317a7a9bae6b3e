{#
    The values of a list as one text in the order of the list, joined by the backslash, as DICOM writes an attribute of several
    values (PS3.5 6.4): body parts and licences hold commas. Null for an empty or a missing list.
#}
{% macro list_text(column) -%}
    nullif(array_to_string({{ column }}, chr(92)), '')
{%- endmacro %}
