-- Grain: one analysis result of one source: described by its index, or only named by series.

with described as (

    select
        described.*,
        {{ mapped_key('license', 'described.license_raw') }} as license_key
    from {{ ref('stg_idc__analysis_results_index') }} as described
    {{ join_mapping('license', 'described.license_raw', 'described.source_id') }}

),

named_by_series as (

    select distinct
        source_id,
        analysis_result_id
    from {{ ref('stg_idc__idc_index') }}
    where analysis_result_id is not null

),

identifiers as (

    select source_id, analysis_result_id from described
    union
    select source_id, analysis_result_id from named_by_series

)

select
    {{ surrogate_key(['identifiers.source_id', 'identifiers.analysis_result_id']) }} as analysis_result_key,
    {{ surrogate_key(['identifiers.source_id']) }} as source_key,
    described.license_key,
    identifiers.source_id,
    identifiers.analysis_result_id,
    described.analysis_result_id_raw,
    described.analysis_result_title,
    described.source_doi,
    described.source_url,
    described.subjects_reported,
    described.collections_reported,
    described.modalities,
    described.updated_on,
    described.description,
    described.citation,
    described.analysis_result_id is not null as is_described
from identifiers
left join described
    on identifiers.source_id = described.source_id
    and identifiers.analysis_result_id = described.analysis_result_id
