-- Grain: one text that the records of one kind of one source state for a vocabulary whose terms are a dimension, mapped or not.
--
-- A text counts once for each record that states it; what a record does not state is not counted. Licences count where
-- a record has exactly one.

{% set stated = [
    ('series', ref('fct_series'), 'modality', 'modality_key', 'modality'),
    ('series', ref('fct_series'), 'body part', 'body_part_key', 'body_part_examined'),
    ('series', ref('fct_series'), 'manufacturer', 'manufacturer_key', 'manufacturer'),
    ('series', ref('fct_series'), 'licence', 'license_key', 'license_raw'),
    ('study', 'study_modalities', 'modality', 'modality_key', 'modality'),
    ('study', 'study_body_parts', 'body part', 'body_part_key', 'body_part_examined'),
    ('study', ref('fct_study'), 'licence', 'license_key', 'license_raw'),
    ('file', ref('fct_file'), 'modality', 'modality_key', 'modality'),
    ('file', ref('fct_file'), 'manufacturer', 'manufacturer_key', 'manufacturer'),
    ('file', ref('fct_file'), 'licence', 'license_key', 'license_raw'),
    ('radiology report', ref('fct_radiology_report'), 'modality', 'modality_key', 'modality'),
    ('collection', ref('dim_collection'), 'licence', 'license_key', 'license_raw'),
    ('source of a collection', 'collection_sources', 'licence', 'license_key', 'license_raw'),
    ('analysis result', 'analysis_results', 'licence', 'license_key', 'license_raw'),
] %}

with study_modalities as (

    select
        studies.source_id,
        links.modality_key,
        links.modality
    from {{ ref('bridge_study_modality') }} as links
    inner join {{ ref('dim_study') }} as studies
        on links.study_key = studies.study_key
    where links.is_stated

),

study_body_parts as (

    select
        studies.source_id,
        links.body_part_key,
        links.body_part_examined
    from {{ ref('bridge_study_body_part') }} as links
    inner join {{ ref('dim_study') }} as studies
        on links.study_key = studies.study_key
    where links.is_stated

),

collection_sources as (

    select
        collections.source_id,
        links.license_key,
        links.license_raw
    from {{ ref('bridge_collection_source') }} as links
    inner join {{ ref('dim_collection') }} as collections
        on links.collection_key = collections.collection_key

),

analysis_results as (

    select
        results.source_id,
        results.license_key,
        described.license_raw
    from {{ ref('dim_analysis_result') }} as results
    inner join {{ ref('stg_idc__analysis_results_index') }} as described
        on results.analysis_result_id = described.analysis_result_id

),

terms as (

    select
        'modality' as vocabulary,
        modality_key as term_key,
        modality_kind <> 'unmapped' as is_mapped
    from {{ ref('dim_modality') }}
    {%- for vocabulary, term in {'body part': 'body_part', 'manufacturer': 'manufacturer', 'licence': 'license'}.items() %}
    union all
    select
        '{{ vocabulary }}' as vocabulary,
        {{ term }}_key as term_key,
        is_mapped
    from {{ ref('dim_' ~ term) }}
    {%- endfor %}

),

stated as (

    {% for record, relation, vocabulary, term_key, text in stated %}
    {{ stated_texts(relation, record, vocabulary, term_key, text) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    stated.source_id,
    stated.record,
    stated.vocabulary,
    stated.raw_value,
    terms.is_mapped,
    stated.record_count
from stated
inner join terms
    on stated.vocabulary = terms.vocabulary
    and stated.term_key = terms.term_key
