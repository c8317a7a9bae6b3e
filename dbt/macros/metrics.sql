{#
    Generated from dbt/semantic by `make metrics` (python -m warehouse.metrics.dbt_macros): change the definitions.

    metric: the aggregate (SQL) of a metric over a relation with the columns of its table. What its filter has in braces
    must be a column of that name there.
    dimension: the expression (SQL) of a dimension over the columns of its table.
#}
{% macro metric(name) -%}
    {%- set expressions = {
        'series': "count(*)",
        'image_series': "count(case when modality_kind = 'image' then 1 end)",
        'imaged_studies': "count(distinct study_key)",
        'imaged_patients': "count(distinct patient_key)",
        'imaged_patient_ids': "count(distinct patient_id)",
        'imaged_collections': "count(distinct collection_key)",
        'instances': "sum(instance_count)",
        'series_bytes': "sum(size_bytes)",
        'commercial_series': "count(case when commercial_use = true then 1 end)",
        'commercial_bytes': "sum(case when commercial_use = true then size_bytes end)",
        'commercial_series_share': "cast(round(1e5 * count(case when commercial_use = true then 1 end) / nullif(count(*), 0)) / 1000 as decimal(12, 3))",
        'commercial_bytes_share': "cast(round(1e5 * sum(case when commercial_use = true then size_bytes end) / nullif(sum(size_bytes), 0)) / 1000 as decimal(12, 3))",
        'segmentations': "count(*)",
        'segmented_series': "count(distinct case when modality_kind = 'image' then segmented_series_key end)",
        'studies': "count(*)",
        'patients': "count(*)",
        'patient_ids': "count(distinct patient_id)",
        'people': "count(case when is_human then 1 end)",
        'collections': "count(case when is_in_release then 1 end)",
        'files': "count(*)",
        'file_bytes': "sum(size_bytes)",
        'measurements': "count(*)",
        'annotations': "count(*)",
        'reports': "count(*)",
        'conditions': "count(*)",
        'medications': "count(*)",
        'procedures': "count(*)",
        'gap_size': "sum(gap)",
        'unexplained_gap': "sum(unexplained_count)",
        'mapped_texts': "sum(record_count)",
        'unmapped_texts': "sum(unmapped_record_count)",
        'unmapped_share': "cast(round(1e5 * sum(unmapped_record_count) / nullif(sum(record_count), 0)) / 1000 as decimal(12, 3))",
        'release_series': "sum(series_count)",
        'release_studies': "sum(study_count)",
        'release_bytes': "sum(size_bytes)",
        'days_behind': "max(days_behind)",
        'missing_cells': "sum(missing_cell_count)",
        'cells': "sum(cell_count)",
        'missing_share': "cast(round(1e5 * sum(missing_cell_count) / nullif(sum(cell_count), 0)) / 1000 as decimal(12, 3))",
    } -%}
    {%- if name not in expressions -%}
        {%- do exceptions.raise_compiler_error('There is no metric ' ~ name ~ ' in dbt/semantic.') -%}
    {%- endif -%}
    {{ return(expressions[name]) }}
{%- endmacro %}

{% macro dimension(name) -%}
    {%- set expressions = {
        'source': "source_id",
        'repository': "source_id",
        'collection': "collection_id",
        'program': "program_id",
        'modality': "modality",
        'modality_kind': "modality_kind",
        'body_part': "body_part_id",
        'body_region': "body_region",
        'manufacturer': "manufacturer_id",
        'license': "license_id",
        'commercial_use': "commercial_use_allowed",
        'analysis_result': "analysis_result_id",
        'sex': "sex",
        'age_group': "case when age_years < 18 then '0 to 17' when age_years < 40 then '18 to 39' when age_years < 60 then '40 to 59' when age_years < 80 then '60 to 79' when age_years >= 80 then '80 and over' else 'not known' end",
        'race': "race",
        'ethnicity': "ethnicity",
        'covid19_status': "covid19_status",
        'is_human': "is_human",
        'study_year': "coalesce(study_year, extract(year from study_date))",
        'first_idc_version': "first_idc_version",
        'idc_version': "idc_version",
        'data_type': "data_type",
        'data_format': "data_format",
        'comparison': "comparison_id",
        'compared_entity': "entity",
        'record': "record",
        'vocabulary': "vocabulary",
        'layer': "layer",
        'dataset': "dataset",
    } -%}
    {%- if name not in expressions -%}
        {%- do exceptions.raise_compiler_error('There is no dimension ' ~ name ~ ' in dbt/semantic.') -%}
    {%- endif -%}
    {{ return(expressions[name]) }}
{%- endmacro %}
