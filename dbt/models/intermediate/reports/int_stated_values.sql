-- Grain: one text that the records of one kind of one source state for one vocabulary, mapped or not.
--
-- A text counts once for each record that states it; what a record does not state is not counted. Licences count where
-- a record has exactly one.

{% set of_one_table = [
    ('series', 'fct_series', 'modality', 'modality_key', 'modality'),
    ('series', 'fct_series', 'body part', 'body_part_key', 'body_part_examined'),
    ('series', 'fct_series', 'manufacturer', 'manufacturer_key', 'manufacturer'),
    ('series', 'fct_series', 'licence', 'license_key', 'license_raw'),
    ('study', 'fct_study', 'licence', 'license_key', 'license_raw'),
    ('file', 'fct_file', 'modality', 'modality_key', 'modality'),
    ('file', 'fct_file', 'manufacturer', 'manufacturer_key', 'manufacturer'),
    ('file', 'fct_file', 'licence', 'license_key', 'license_raw'),
    ('radiology report', 'fct_radiology_report', 'modality', 'modality_key', 'modality'),
    ('collection', 'dim_collection', 'licence', 'license_key', 'license_raw'),
] %}

{% set harmonised = [
    ('sex', 'sex', 'sex_raw'),
    ('race', 'race', 'race_raw'),
    ('ethnicity', 'ethnicity', 'ethnicity_raw'),
    ('COVID-19 status', 'covid19_status', 'covid19_positive_raw'),
] %}

with terms as (

    select
        'modality' as vocabulary,
        modality_key as term_key,
        modality_kind <> 'unmapped' as is_mapped
    from {{ ref('dim_modality') }}
    union all
    select
        'body part' as vocabulary,
        body_part_key as term_key,
        is_mapped
    from {{ ref('dim_body_part') }}
    union all
    select
        'manufacturer' as vocabulary,
        manufacturer_key as term_key,
        is_mapped
    from {{ ref('dim_manufacturer') }}
    union all
    select
        'licence' as vocabulary,
        license_key as term_key,
        is_mapped
    from {{ ref('dim_license') }}

),

stated as (

    {% for record, table, vocabulary, key, text in of_one_table %}
    select
        source_id,
        '{{ record }}' as record,
        '{{ vocabulary }}' as vocabulary,
        {{ key }} as term_key,
        {{ text }} as raw_value,
        count(*) as record_count
    from {{ ref(table) }}
    where
        {{ key }} is not null
        and {{ text }} is not null
    group by
        source_id,
        {{ key }},
        {{ text }}
    union all
    {% endfor %}
    select
        studies.source_id,
        'study' as record,
        'modality' as vocabulary,
        modalities.modality_key as term_key,
        modalities.modality as raw_value,
        count(*) as record_count
    from {{ ref('bridge_study_modality') }} as modalities
    inner join {{ ref('dim_study') }} as studies
        on modalities.study_key = studies.study_key
    where modalities.is_stated
    group by
        studies.source_id,
        modalities.modality_key,
        modalities.modality
    union all
    select
        studies.source_id,
        'study' as record,
        'body part' as vocabulary,
        body_parts.body_part_key as term_key,
        body_parts.body_part_examined as raw_value,
        count(*) as record_count
    from {{ ref('bridge_study_body_part') }} as body_parts
    inner join {{ ref('dim_study') }} as studies
        on body_parts.study_key = studies.study_key
    where body_parts.is_stated
    group by
        studies.source_id,
        body_parts.body_part_key,
        body_parts.body_part_examined
    union all
    select
        collections.source_id,
        'source of a collection' as record,
        'licence' as vocabulary,
        sources.license_key as term_key,
        sources.license_raw as raw_value,
        count(*) as record_count
    from {{ ref('bridge_collection_source') }} as sources
    inner join {{ ref('dim_collection') }} as collections
        on sources.collection_key = collections.collection_key
    where
        sources.license_key is not null
        and sources.license_raw is not null
    group by
        collections.source_id,
        sources.license_key,
        sources.license_raw
    union all
    select
        results.source_id,
        'analysis result' as record,
        'licence' as vocabulary,
        results.license_key as term_key,
        described.license_raw as raw_value,
        count(*) as record_count
    from {{ ref('dim_analysis_result') }} as results
    inner join {{ ref('stg_idc__analysis_results_index') }} as described
        on results.analysis_result_id = described.analysis_result_id
    where
        results.license_key is not null
        and described.license_raw is not null
    group by
        results.source_id,
        results.license_key,
        described.license_raw

),

conformed as (

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

),

algorithms as (

    select
        algorithm_key,
        'segmentation' as record
    from {{ ref('fct_segmentation') }}
    union all
    select
        algorithm_key,
        'annotation group' as record
    from {{ ref('fct_annotation_group') }}

),

all_stated as (

    select
        source_id,
        record,
        vocabulary,
        raw_value,
        is_mapped,
        record_count
    from conformed
    {% for vocabulary, column, text in harmonised %}
    union all
    select
        source_id,
        'patient' as record,
        '{{ vocabulary }}' as vocabulary,
        {{ text }} as raw_value,
        {{ column }} <> 'unmapped' as is_mapped,
        count(*) as record_count
    from {{ ref('dim_patient') }}
    where {{ text }} is not null
    group by
        source_id,
        {{ text }},
        {{ column }} <> 'unmapped'
    {% endfor %}
    union all
    select
        types.source_id,
        algorithms.record,
        'type of algorithm' as vocabulary,
        types.algorithm_type_raw as raw_value,
        types.algorithm_type <> 'unmapped' as is_mapped,
        count(*) as record_count
    from algorithms
    inner join {{ ref('dim_algorithm') }} as types
        on algorithms.algorithm_key = types.algorithm_key
    where types.algorithm_type_raw is not null
    group by
        types.source_id,
        algorithms.record,
        types.algorithm_type_raw,
        types.algorithm_type <> 'unmapped'

)

select
    source_id,
    record,
    vocabulary,
    raw_value,
    is_mapped,
    cast(sum(record_count) as {{ dbt.type_bigint() }}) as record_count
from all_stated
group by
    source_id,
    record,
    vocabulary,
    raw_value,
    is_mapped
