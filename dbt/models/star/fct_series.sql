-- Grain: one DICOM series as one source describes it: a series of IDC, a data file of MIDRC that holds a series, or a series
-- of a repository that the BDF Imaging Hub federates.
--
-- A series is keyed by its SeriesInstanceUID. Where several records of a source share one, the first by node id keeps it and the
-- others are keyed by their node ids (is_repeated_uid); so are records without a UID. The portals name studies, patients,
-- collections and licences in lists: the key stands here where a list holds one, and the counts tell when it holds more.
-- bridge_series_collection and bridge_study_patient have them all.

with idc as (

    select
        source_id,
        {{ surrogate_key(["'idc'"]) }} as source_key,
        {{ surrogate_key(["'idc'", "'idc_index'"]) }} as release_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        series_instance_uid as series_natural_key,
        study_instance_uid as study_natural_key,
        collection_id as key_collection_id,
        -- A patient of IDC is one of its collection.
        case when collection_id is not null then patient_id end as patient_natural_key,
        collection_id as collection_natural_key,
        collection_id,
        patient_id,
        study_instance_uid,
        series_instance_uid,
        cast(null as {{ dbt.type_string() }}) as series_node_id,
        modality,
        license_raw as sole_license_raw,
        license_raw,
        analysis_result_id,
        analysis_result_id_raw,
        source_doi,
        body_part_examined,
        patient_sex_raw,
        patient_age_raw,
        patient_age_years,
        study_date,
        study_description,
        series_date,
        series_number,
        series_description,
        manufacturer,
        manufacturer_model_name,
        sop_class_uid,
        sop_class_name,
        transfer_syntax_uid,
        transfer_syntax_name,
        photometric_interpretation,
        pixel_representation,
        instance_count,
        size_bytes,
        first_idc_version,
        revised_idc_version,
        crdc_series_uuid,
        aws_bucket,
        series_aws_url,
        cast(null as {{ dbt.type_string() }}) as object_id,
        cast(case when study_instance_uid is null then 0 else 1 end as {{ dbt.type_bigint() }}) as study_count,
        cast(case when patient_id is null then 0 else 1 end as {{ dbt.type_bigint() }}) as patient_count,
        cast(case when collection_id is null then 0 else 1 end as {{ dbt.type_bigint() }}) as collection_count
    from {{ ref('stg_idc__idc_index') }}

),

midrc as (

    select
        source_id,
        {{ surrogate_key(["'midrc'"]) }} as source_key,
        {{ surrogate_key(["'midrc'", "'data_file'"]) }} as release_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        series_natural_key,
        study_natural_key,
        cast(null as {{ dbt.type_string() }}) as key_collection_id,
        patient_natural_key,
        collection_id as collection_natural_key,
        collection_id,
        case_id as patient_id,
        study_instance_uid,
        series_instance_uid,
        series_node_id,
        modality,
        sole_license_raw,
        license_raw,
        cast(null as {{ dbt.type_string() }}) as analysis_result_id,
        cast(null as {{ dbt.type_string() }}) as analysis_result_id_raw,
        lower(data_url_doi) as source_doi,
        body_part_examined,
        cast(null as {{ dbt.type_string() }}) as patient_sex_raw,
        cast(null as {{ dbt.type_string() }}) as patient_age_raw,
        age_at_imaging_years as patient_age_years,
        cast(null as date) as study_date,
        study_description,
        cast(null as date) as series_date,
        cast(null as {{ dbt.type_string() }}) as series_number,
        series_description,
        manufacturer,
        manufacturer_model_name,
        cast(null as {{ dbt.type_string() }}) as sop_class_uid,
        cast(null as {{ dbt.type_string() }}) as sop_class_name,
        cast(null as {{ dbt.type_string() }}) as transfer_syntax_uid,
        cast(null as {{ dbt.type_string() }}) as transfer_syntax_name,
        cast(null as {{ dbt.type_string() }}) as photometric_interpretation,
        cast(null as {{ dbt.type_string() }}) as pixel_representation,
        instance_count,
        size_bytes,
        cast(null as {{ dbt.type_bigint() }}) as first_idc_version,
        cast(null as {{ dbt.type_bigint() }}) as revised_idc_version,
        cast(null as {{ dbt.type_string() }}) as crdc_series_uuid,
        cast(null as {{ dbt.type_string() }}) as aws_bucket,
        cast(null as {{ dbt.type_string() }}) as series_aws_url,
        object_id,
        study_count,
        patient_count,
        collection_count
    from {{ ref('int_midrc__series') }}

),

bih as (

    select
        source_id,
        {{ surrogate_key(["'bih'"]) }} as source_key,
        {{ surrogate_key(["'bih'", "'imaging_series'"]) }} as release_key,
        commons_name,
        series_natural_key,
        study_natural_key,
        cast(null as {{ dbt.type_string() }}) as key_collection_id,
        patient_natural_key,
        collection_natural_key,
        collection_id,
        subject_id as patient_id,
        study_instance_uid,
        series_instance_uid,
        series_node_id,
        modality,
        sole_license_raw,
        license_raw,
        cast(null as {{ dbt.type_string() }}) as analysis_result_id,
        cast(null as {{ dbt.type_string() }}) as analysis_result_id_raw,
        lower(data_url_doi) as source_doi,
        body_part_examined,
        cast(null as {{ dbt.type_string() }}) as patient_sex_raw,
        cast(null as {{ dbt.type_string() }}) as patient_age_raw,
        age_at_imaging_years as patient_age_years,
        cast(null as date) as study_date,
        study_description,
        cast(null as date) as series_date,
        cast(null as {{ dbt.type_string() }}) as series_number,
        series_description,
        manufacturer,
        cast(null as {{ dbt.type_string() }}) as manufacturer_model_name,
        cast(null as {{ dbt.type_string() }}) as sop_class_uid,
        cast(null as {{ dbt.type_string() }}) as sop_class_name,
        cast(null as {{ dbt.type_string() }}) as transfer_syntax_uid,
        cast(null as {{ dbt.type_string() }}) as transfer_syntax_name,
        cast(null as {{ dbt.type_string() }}) as photometric_interpretation,
        cast(null as {{ dbt.type_string() }}) as pixel_representation,
        cast(null as {{ dbt.type_bigint() }}) as instance_count,
        cast(null as {{ dbt.type_bigint() }}) as size_bytes,
        cast(null as {{ dbt.type_bigint() }}) as first_idc_version,
        cast(null as {{ dbt.type_bigint() }}) as revised_idc_version,
        cast(null as {{ dbt.type_string() }}) as crdc_series_uuid,
        cast(null as {{ dbt.type_string() }}) as aws_bucket,
        cast(null as {{ dbt.type_string() }}) as series_aws_url,
        object_id,
        study_count,
        patient_count,
        collection_count
    from {{ ref('int_bih__imaging_series_keyed') }}

),

series as (

    select * from idc
    union all
    select * from midrc
    union all
    select * from bih

),

-- The keys of what has few values are made once a value; only texts without a mapping are hashed row by row.
repositories as (

    select
        lower(commons_name) as commons_name,
        source_id as repository_id,
        {{ surrogate_key(['source_id']) }} as repository_key
    from {{ ref('seed_source') }}
    where commons_name is not null

),

licenses as (

    select
        source_id,
        license_raw,
        license_id,
        {{ surrogate_key(['license_id']) }} as license_key
    from {{ ref('map_license') }}

),

body_parts as (

    select
        body_part_raw,
        body_part_id,
        {{ surrogate_key(['body_part_id']) }} as body_part_key
    from {{ ref('map_body_part') }}

),

manufacturers as (

    select
        manufacturer_raw,
        manufacturer_id,
        {{ surrogate_key(['manufacturer_id']) }} as manufacturer_key
    from {{ ref('map_manufacturer') }}

),

modalities as (

    select
        modality,
        {{ surrogate_key(['modality']) }} as modality_key
    from {{ ref('seed_modality') }}

),

conformed as (

    select
        series.*,
        case
            when series.commons_name is not null
                then {{ repository_id('series.commons_name', 'repositories.repository_id') }}
        end as repository_id,
        repositories.repository_key as known_repository_key,
        coalesce(licenses.license_id, series.sole_license_raw) as license_id,
        licenses.license_key as known_license_key,
        coalesce(body_parts.body_part_id, upper(series.body_part_examined)) as body_part_id,
        body_parts.body_part_key as known_body_part_key,
        coalesce(manufacturers.manufacturer_id, upper(series.manufacturer)) as manufacturer_id,
        manufacturers.manufacturer_key as known_manufacturer_key,
        modalities.modality_key as known_modality_key
    from series
    left join repositories
        on lower(series.commons_name) = repositories.commons_name
    left join licenses
        on series.source_id = licenses.source_id
        and series.sole_license_raw = licenses.license_raw
    left join body_parts
        on upper(series.body_part_examined) = body_parts.body_part_raw
    left join manufacturers
        on upper(series.manufacturer) = manufacturers.manufacturer_raw
    left join modalities
        on series.modality = modalities.modality

)

select
    {{ surrogate_key(['source_id', 'series_natural_key']) }} as series_key,
    source_key,
    release_key,
    case
        when known_repository_key is not null then known_repository_key
        when repository_id is not null then {{ surrogate_key(['repository_id']) }}
    end as repository_key,
    case
        when collection_natural_key is not null then {{ surrogate_key(['source_id', 'collection_natural_key']) }}
    end as collection_key,
    case
        when patient_natural_key is not null then {{ surrogate_key(['source_id', 'key_collection_id', 'patient_natural_key']) }}
    end as patient_key,
    case
        when study_natural_key is not null then {{ surrogate_key(['source_id', 'study_natural_key']) }}
    end as study_key,
    case
        when known_modality_key is not null then known_modality_key
        when modality is not null then {{ surrogate_key(['modality']) }}
    end as modality_key,
    case
        when known_body_part_key is not null then known_body_part_key
        when body_part_id is not null then {{ surrogate_key(['body_part_id']) }}
    end as body_part_key,
    case
        when known_manufacturer_key is not null then known_manufacturer_key
        when manufacturer_id is not null then {{ surrogate_key(['manufacturer_id']) }}
    end as manufacturer_key,
    case
        when known_license_key is not null then known_license_key
        when license_id is not null then {{ surrogate_key(['license_id']) }}
    end as license_key,
    case
        when analysis_result_id is not null then {{ surrogate_key(['source_id', 'analysis_result_id']) }}
    end as analysis_result_key,
    source_id,
    repository_id,
    collection_id,
    patient_id,
    study_instance_uid,
    series_instance_uid,
    series_node_id,
    modality,
    license_id,
    license_raw,
    analysis_result_id,
    analysis_result_id_raw,
    source_doi,
    body_part_id,
    body_part_examined,
    patient_sex_raw,
    patient_age_raw,
    patient_age_years,
    study_date,
    study_description,
    series_date,
    series_number,
    series_description,
    manufacturer_id,
    manufacturer,
    manufacturer_model_name,
    sop_class_uid,
    sop_class_name,
    transfer_syntax_uid,
    transfer_syntax_name,
    photometric_interpretation,
    pixel_representation,
    instance_count,
    size_bytes,
    first_idc_version,
    revised_idc_version,
    crdc_series_uuid,
    aws_bucket,
    series_aws_url,
    object_id,
    study_count,
    patient_count,
    collection_count,
    {{ is_dicom_uid('series_instance_uid') }} as has_valid_uid,
    coalesce(series_natural_key <> series_instance_uid, false) as is_repeated_uid
from conformed
