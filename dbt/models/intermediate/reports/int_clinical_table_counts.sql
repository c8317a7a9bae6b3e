-- Grain: one metric of all of IDC's clinical tables, counted over the index of their columns.

{% set clinical_metrics = {
    'collections': 'count(distinct collection_id)',
    'tables': 'count(distinct short_table_name)',
} %}

with clinical_columns as (

    select
        source_id,
        'all' as total,
        collection_id,
        short_table_name
    from {{ ref('fct_clinical_column') }}

),

counted_clinical_tables as (

    {{ count_by_dimensions('clinical_columns', ['total'], clinical_metrics) }}

)

{{ unpivot_metrics('counted_clinical_tables', 'clinical_table', clinical_metrics) }}
