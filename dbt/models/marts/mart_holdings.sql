-- Grain: one value of each dimension of one grain, of the series of one source.
--
-- Distinct patients and studies of groups do not add up to those of the whole, so each grain has its own rows: the source, each
-- dimension by itself, and the pairs that are asked for most. A dimension that the grain does not name is null; one that it
-- names is null in the row of the series that do not tell it.

{%- set keys = {
    'repository': 'repository_key',
    'collection': 'collection_key',
    'modality': 'modality_key',
    'body part': 'body_part_key',
    'licence': 'license_key',
} %}
{%- set grains = [
    [], ['repository'], ['collection'], ['modality'], ['body part'], ['licence'],
    ['collection', 'modality'], ['collection', 'licence'], ['modality', 'body part'], ['modality', 'licence'],
] %}

with series as (

    select
        series.source_key,
        series.repository_key,
        series.collection_key,
        series.modality_key,
        series.body_part_key,
        series.license_key,
        series.study_key,
        series.patient_key,
        series.patient_id,
        series.instance_count,
        series.size_bytes,
        licenses.commercial_use_allowed as commercial_use
    from {{ ref('fct_series') }} as series
    left join {{ ref('dim_license') }} as licenses
        on series.license_key = licenses.license_key

),

holdings as (

    select
        case
            {%- for grain in grains | reverse if grain %}
            when
                {%- for dimension in grain %}
                {{ 'and ' if not loop.first }}grouping({{ keys[dimension] }}) = 0
                {%- endfor %}
                then '{{ grain | join(', ') }}'
            {%- endfor %}
            else 'source'
        end as grain,
        source_key,
        {%- for key in keys.values() %}
        {{ key }},
        {%- endfor %}
        {{ metric('series') }} as series_count,
        {{ metric('imaged_studies') }} as study_count,
        {{ metric('imaged_patients') }} as patient_count,
        {{ metric('imaged_patient_ids') }} as patient_id_count,
        {{ metric('instances') }} as instance_count,
        {{ metric('series_bytes') }} as size_bytes,
        {{ metric('commercial_series') }} as commercial_series_count,
        {{ metric('commercial_bytes') }} as commercial_size_bytes
    from series
    group by grouping sets (
        {%- for grain in grains %}
        (source_key{% for dimension in grain %}, {{ keys[dimension] }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
    )

)

select
    {{ surrogate_key([
        'holdings.grain',
        'holdings.source_key',
        'holdings.repository_key',
        'holdings.collection_key',
        'holdings.modality_key',
        'holdings.body_part_key',
        'holdings.license_key',
    ]) }} as holding_key,
    holdings.grain,
    holdings.source_key,
    holdings.repository_key,
    holdings.collection_key,
    holdings.modality_key,
    holdings.body_part_key,
    holdings.license_key,
    sources.source_id,
    repositories.source_id as repository_id,
    collections.collection_id,
    modalities.modality,
    body_parts.body_part_id,
    licenses.license_id,
    holdings.series_count,
    holdings.study_count,
    holdings.patient_count,
    holdings.patient_id_count,
    cast(holdings.instance_count as {{ dbt.type_bigint() }}) as instance_count,
    cast(holdings.size_bytes as {{ dbt.type_bigint() }}) as size_bytes,
    holdings.commercial_series_count,
    cast(holdings.commercial_size_bytes as {{ dbt.type_bigint() }}) as commercial_size_bytes
from holdings
inner join {{ ref('dim_source') }} as sources
    on holdings.source_key = sources.source_key
left join {{ ref('dim_source') }} as repositories
    on holdings.repository_key = repositories.source_key
left join {{ ref('dim_collection') }} as collections
    on holdings.collection_key = collections.collection_key
left join {{ ref('dim_modality') }} as modalities
    on holdings.modality_key = modalities.modality_key
left join {{ ref('dim_body_part') }} as body_parts
    on holdings.body_part_key = body_parts.body_part_key
left join {{ ref('dim_license') }} as licenses
    on holdings.license_key = licenses.license_key
