{# An identifier in lower case with underscores: IDC wrote `TCGA-SBU-TIL-Maps` and `NCI Trials` up to v23, `tcga_sbu_til_maps` and `nci_trials` since v24. #}
{% macro snake_case_id(column) -%}
    lower(replace(replace({{ column }}, '-', '_'), ' ', '_'))
{%- endmacro %}
