-- Grain: the number of the MIDRC portal's records of one kind (other than cases, studies and series), all or those that share one
-- value of one attribute.

{% set record_types = [
    ('file', 'fct_file', 'files', ['data_format', 'data_type']),
    ('measurement', 'fct_measurement', 'measurements', []),
    ('annotation', 'fct_annotation', 'annotations', ['annotation_method', 'annotation_name']),
    ('radiology_report', 'fct_radiology_report', 'radiology_reports', []),
] %}

with
{% for entity, table, metric, attributes in record_types %}
{{ metric }} as (

    select
        source_id,
        {%- for attribute in attributes %}
        coalesce({{ attribute }}, 'no data') as {{ attribute }},
        {%- endfor %}
        'all' as total
    from {{ ref(table) }}

),

counted_{{ metric }} as (

    {{ count_by_dimensions(metric, ['total'] + attributes, {metric: 'count(*)'}) }}

){{ ',' if not loop.last }}
{% endfor %}

{% for entity, table, metric, attributes in record_types %}
{{ unpivot_metrics('counted_' ~ metric, entity, [metric]) }}
{{ 'union all' if not loop.last }}
{% endfor %}
