-- Grain: one analysis result of one source: described by its index, or only named by series.

with described as (

    select
        described.*,
        coalesce(map_license.license_id, described.license_raw) as license_id
    from {{ ref('stg_idc__analysis_results_index') }} as described
    left join {{ ref('map_license') }} as map_license
        on described.source_id = map_license.source_id
        and described.license_raw = map_license.license_raw

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
    case
        when described.license_id is not null then {{ surrogate_key(['described.license_id']) }}
    end as license_key,
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
