-- Grain: one DICOM series of the IDC release, in the shape of fct_series.

{%- set without_body_part = "(series.body_part_examined is null or map_body_part.body_part_id = 'UNSPECIFIED')" %}

with aged as {{ shared_by_threads() }} (

    select *
    from {{ ref('int_idc__series_aged') }}

),

collections as (

    {{ keyed_values(ref('stg_idc__idc_index'), "'idc'", ['collection_id'], 'collection_key') }}

),

patients as (

    {{ keyed_values(ref('stg_idc__idc_index'), "'idc'", ['collection_id', 'patient_id'], 'patient_key') }}

),

studies as (

    {{ keyed_values(ref('stg_idc__idc_index'), "'idc'", ['study_instance_uid'], 'study_key') }}

),

slide_studies as (

    select distinct study_instance_uid
    from {{ ref('stg_idc__idc_index') }}
    where modality = 'SM'

),

-- The region that a collection's tumour locations name, where they name one.
tumor_regions as (

    select
        described.collection_id,
        min(locations.body_part_id) as body_part_id,
        min({{ surrogate_key(['locations.body_part_id']) }}) as body_part_key
    from {{ ref('stg_idc__collections_index') }} as described
    inner join {{ ref('map_tumor_location') }} as locations
        on upper(described.tumor_locations) = locations.tumor_location_raw
    where locations.body_part_id is not null
    group by described.collection_id
    having min(locations.body_part_id) = max(locations.body_part_id)

)

select
    series.*,
    {{ surrogate_key(["'idc'", 'series.series_instance_uid']) }} as series_key,
    {{ surrogate_key(["'idc'"]) }} as source_key,
    {{ surrogate_key(["'idc'", "'idc_index'"]) }} as release_key,
    collections.collection_key,
    patients.patient_key,
    studies.study_key,
    {{ modality_key('series.modality') }} as modality_key,
    {{ mapped_key('body_part', 'upper(series.body_part_examined)') }} as body_part_key,
    {{ mapped_key('manufacturer', 'upper(series.manufacturer)') }} as manufacturer_key,
    {{ mapped_key('license', 'series.license_raw') }} as license_key,
    {{ reference_key(["'idc'", 'series.analysis_result_id']) }} as analysis_result_key,
    {{ mapped_id('license', 'series.license_raw') }} as license_id,
    case when series.license_raw is not null then {{ list_of('series.license_raw') }} end as licenses_raw,
    {{ mapped_id('body_part', 'upper(series.body_part_examined)') }} as body_part_id,
    case when {{ without_body_part }} then tumor_regions.body_part_key end as derived_body_part_key,
    case when {{ without_body_part }} then tumor_regions.body_part_id end as derived_body_part_id,
    case
        when {{ without_body_part }} and tumor_regions.body_part_id is not null then 'tumour location of the collection'
    end as derived_body_part_source,
    {{ mapped_id('manufacturer', 'upper(series.manufacturer)') }} as manufacturer_id,
    cast(case when series.study_instance_uid is null then 0 else 1 end as {{ dbt.type_bigint() }}) as study_count,
    cast(case when series.patient_id is null then 0 else 1 end as {{ dbt.type_bigint() }}) as patient_count,
    cast(case when series.collection_id is null then 0 else 1 end as {{ dbt.type_bigint() }}) as collection_count,
    {{ idc_viewer_url(
        'series.study_instance_uid',
        'slide_studies.study_instance_uid is not null',
        'series.series_instance_uid',
    ) }} as viewer_url,
    {{ drs_uri("'dg.4DFC/' || series.crdc_series_uuid") }} as drs_uri,
    'gs://' || buckets.gcs_bucket || '/' || series.crdc_series_uuid || '/*' as series_gcs_url,
    {{ is_dicom_uid('series.series_instance_uid') }} as has_valid_uid,
    false as is_repeated_uid
from aged as series
left join collections
    on series.collection_id = collections.collection_id
left join patients
    on series.collection_id = patients.collection_id
    and series.patient_id = patients.patient_id
left join tumor_regions
    on series.collection_id = tumor_regions.collection_id
left join studies
    on series.study_instance_uid = studies.study_instance_uid
left join slide_studies
    on series.study_instance_uid = slide_studies.study_instance_uid
left join {{ ref('seed_idc_bucket') }} as buckets
    on series.aws_bucket = buckets.aws_bucket
{{ join_modality('series.modality') }}
{{ join_mapping('body_part', 'upper(series.body_part_examined)') }}
{{ join_mapping('manufacturer', 'upper(series.manufacturer)') }}
{{ join_mapping('license', 'series.license_raw', 'series.source_id') }}
