-- Grain: one imaging study as one source describes it: a study over IDC's series, a study record of MIDRC, or a study record of a
-- repository that the BDF Imaging Hub federates.
--
-- Where a study names several patients, collections or licences, the key is null and the counts say so; the bridges have them all.
-- Modalities and body parts are those that the study's record states (MIDRC), otherwise those of its series. Counts of series,
-- instances and bytes are those of the series that name the study; the Hub tells neither instances nor bytes.

with series as (

    select
        study_key,
        count(*) as series_count,
        sum(instance_count) as instance_count,
        sum(size_bytes) as size_bytes,
        min(collection_key) as collection_key,
        min(patient_key) as patient_key,
        max(patient_key) as last_patient_key,
        min(license_key) as license_key,
        max(license_key) as last_license_key,
        min(patient_age_years) as age_at_imaging_years
    from {{ ref('fct_series') }}
    where study_key is not null
    group by study_key

),

counted_modalities as (

    select
        study_key,
        count(*) as modality_count,
        min(modality) as modality
    from {{ ref('bridge_study_modality') }}
    where series_count > 0
    group by study_key

),

-- Only where there are several, the texts must be put in order.
listed_modalities as (

    select
        parts.study_key,
        {{ dbt.listagg('parts.modality', 'chr(92)', 'order by parts.modality') }} as modalities
    from {{ ref('bridge_study_modality') }} as parts
    inner join counted_modalities
        on parts.study_key = counted_modalities.study_key
    where
        counted_modalities.modality_count > 1
        and parts.series_count > 0
    group by parts.study_key

),

modalities as (

    select
        counted_modalities.study_key,
        counted_modalities.modality_count,
        counted_modalities.modality,
        coalesce(listed_modalities.modalities, counted_modalities.modality) as modalities
    from counted_modalities
    left join listed_modalities
        on counted_modalities.study_key = listed_modalities.study_key

),

counted_body_parts as (

    select
        study_key,
        count(*) as body_part_count,
        min(body_part_examined) as body_part_examined
    from {{ ref('bridge_study_body_part') }}
    where not is_stated
    group by study_key

),

-- Only where there are several, the texts must be put in order.
listed_body_parts as (

    select
        parts.study_key,
        {{ dbt.listagg('parts.body_part_examined', 'chr(92)', 'order by parts.body_part_examined') }} as body_parts_examined
    from {{ ref('bridge_study_body_part') }} as parts
    inner join counted_body_parts
        on parts.study_key = counted_body_parts.study_key
    where
        counted_body_parts.body_part_count > 1
        and parts.is_stated = false
    group by parts.study_key

),

body_parts as (

    select
        counted_body_parts.study_key,
        counted_body_parts.body_part_count,
        counted_body_parts.body_part_examined,
        coalesce(listed_body_parts.body_parts_examined, counted_body_parts.body_part_examined) as body_parts_examined
    from counted_body_parts
    left join listed_body_parts
        on counted_body_parts.study_key = listed_body_parts.study_key

),

patients as (

    select
        study_key,
        count(*) as patient_count
    from {{ ref('bridge_study_patient') }}
    group by study_key

),

collections as (

    select
        study_key,
        count(*) as collection_count
    from {{ ref('bridge_study_collection') }}
    group by study_key

),

idc as (

    select
        studies.study_key,
        studies.source_id,
        'idc_index' as dataset,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        studies.study_instance_uid,
        studies.study_node_id,
        case when series.patient_key = series.last_patient_key then series.patient_key end as patient_key,
        case when collections.collection_count = 1 then series.collection_key end as collection_key,
        case when series.license_key = series.last_license_key then series.license_key end as license_key,
        cast(null as {{ dbt.type_string() }}) as license_raw,
        studies.study_date,
        studies.study_year,
        studies.study_description,
        modalities.modality,
        modalities.modalities,
        coalesce(modalities.modality_count, 0) as modality_count,
        body_parts.body_part_examined,
        body_parts.body_parts_examined,
        coalesce(body_parts.body_part_count, 0) as body_part_count,
        cast(null as {{ dbt.type_string() }}) as loinc_code,
        series.age_at_imaging_years,
        cast(null as decimal(12, 3)) as days_to_study,
        cast(null as {{ dbt.type_string() }}) as days_from_study_to_pos_covid_test,
        cast(null as {{ dbt.type_string() }}) as days_from_study_to_neg_covid_test,
        cast(null as {{ dbt.type_string() }}) as image_data_modified_raw,
        coalesce(patients.patient_count, 0) as patient_count,
        coalesce(collections.collection_count, 0) as collection_count,
        series.series_count,
        series.instance_count,
        series.size_bytes,
        cast(null as {{ dbt.type_bigint() }}) as ct_series_file_count,
        cast(null as {{ dbt.type_bigint() }}) as cr_series_file_count,
        cast(null as {{ dbt.type_bigint() }}) as dx_series_file_count,
        cast(null as {{ dbt.type_bigint() }}) as mr_series_file_count,
        cast(null as {{ dbt.type_bigint() }}) as radiology_report_count
    from {{ ref('dim_study') }} as studies
    inner join series
        on studies.study_key = series.study_key
    left join modalities
        on studies.study_key = modalities.study_key
    left join body_parts
        on studies.study_key = body_parts.study_key
    left join patients
        on studies.study_key = patients.study_key
    left join collections
        on studies.study_key = collections.study_key
    where studies.source_id = 'idc'

),

midrc_keys as (

    select
        {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
        case
            when case_id is not null then {{ surrogate_key(['source_id', "''", 'case_id']) }}
        end as patient_key,
        case
            when collection_id is not null then {{ surrogate_key(['source_id', 'collection_id']) }}
        end as collection_key,
        terms.*
    from {{ ref('int_midrc__study_terms') }} as terms

),

midrc as (

    select
        studies.study_key,
        studies.source_id,
        'imaging_study' as dataset,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        studies.study_instance_uid,
        studies.study_node_id,
        studies.patient_key,
        studies.collection_key,
        case
            when coalesce(map_license.license_id, studies.sole_license_raw) is not null
                then {{ surrogate_key(['coalesce(map_license.license_id, studies.sole_license_raw)']) }}
        end as license_key,
        studies.license_raw,
        cast(null as date) as study_date,
        studies.study_year,
        studies.study_description,
        studies.modality,
        studies.modalities,
        studies.modality_count,
        studies.body_part_examined,
        studies.body_parts_examined,
        studies.body_part_count,
        studies.loinc_code,
        studies.age_at_imaging_years,
        studies.days_to_study,
        studies.days_from_study_to_pos_covid_test,
        studies.days_from_study_to_neg_covid_test,
        studies.image_data_modified_raw,
        studies.patient_count,
        studies.collection_count,
        coalesce(series.series_count, 0) as series_count,
        coalesce(series.instance_count, 0) as instance_count,
        coalesce(series.size_bytes, 0) as size_bytes,
        studies.ct_series_file_count,
        studies.cr_series_file_count,
        studies.dx_series_file_count,
        studies.mr_series_file_count,
        studies.radiology_report_count
    from midrc_keys as studies
    left join series
        on studies.study_key = series.study_key
    left join {{ ref('map_license') }} as map_license
        on studies.source_id = map_license.source_id
        and studies.sole_license_raw = map_license.license_raw

),

bih_keys as (

    select
        {{ surrogate_key(['source_id', 'study_natural_key']) }} as study_key,
        case
            when patient_natural_key is not null
                then {{ surrogate_key(['source_id', "''", 'patient_natural_key']) }}
        end as patient_key,
        case
            when collection_natural_key is not null
                then {{ surrogate_key(['source_id', 'collection_natural_key']) }}
        end as collection_key,
        source_id,
        commons_name,
        study_instance_uid,
        study_node_id,
        sole_license_raw,
        license_raw,
        study_description,
        loinc_code,
        age_at_imaging_years,
        patient_count,
        collection_count
    from {{ ref('int_bih__imaging_study_keyed') }}

),

bih as (

    select
        studies.study_key,
        studies.source_id,
        'imaging_study' as dataset,
        studies.commons_name,
        studies.study_instance_uid,
        studies.study_node_id,
        studies.patient_key,
        studies.collection_key,
        case
            when coalesce(map_license.license_id, studies.sole_license_raw) is not null
                then {{ surrogate_key(['coalesce(map_license.license_id, studies.sole_license_raw)']) }}
        end as license_key,
        studies.license_raw,
        cast(null as date) as study_date,
        cast(null as {{ dbt.type_bigint() }}) as study_year,
        studies.study_description,
        modalities.modality,
        modalities.modalities,
        coalesce(modalities.modality_count, 0) as modality_count,
        body_parts.body_part_examined,
        body_parts.body_parts_examined,
        coalesce(body_parts.body_part_count, 0) as body_part_count,
        studies.loinc_code,
        studies.age_at_imaging_years,
        cast(null as decimal(12, 3)) as days_to_study,
        cast(null as {{ dbt.type_string() }}) as days_from_study_to_pos_covid_test,
        cast(null as {{ dbt.type_string() }}) as days_from_study_to_neg_covid_test,
        cast(null as {{ dbt.type_string() }}) as image_data_modified_raw,
        studies.patient_count,
        studies.collection_count,
        coalesce(series.series_count, 0) as series_count,
        cast(null as {{ dbt.type_bigint() }}) as instance_count,
        cast(null as {{ dbt.type_bigint() }}) as size_bytes,
        cast(null as {{ dbt.type_bigint() }}) as ct_series_file_count,
        cast(null as {{ dbt.type_bigint() }}) as cr_series_file_count,
        cast(null as {{ dbt.type_bigint() }}) as dx_series_file_count,
        cast(null as {{ dbt.type_bigint() }}) as mr_series_file_count,
        cast(null as {{ dbt.type_bigint() }}) as radiology_report_count
    from bih_keys as studies
    left join series
        on studies.study_key = series.study_key
    left join modalities
        on studies.study_key = modalities.study_key
    left join body_parts
        on studies.study_key = body_parts.study_key
    left join {{ ref('map_license') }} as map_license
        on studies.source_id = map_license.source_id
        and studies.sole_license_raw = map_license.license_raw

),

studies as (

    select * from idc
    union all
    select * from midrc
    union all
    select * from bih

),

conformed as (

    select
        studies.*,
        case
            when studies.commons_name is not null
                then {{ repository_id('studies.commons_name', 'repositories.source_id') }}
        end as repository_id,
        case
            when studies.body_part_count = 1
                then coalesce(map_body_part.body_part_id, upper(studies.body_part_examined))
        end as body_part_id
    from studies
    left join {{ ref('seed_source') }} as repositories
        on lower(studies.commons_name) = lower(repositories.commons_name)
    left join {{ ref('map_body_part') }} as map_body_part
        on upper(studies.body_part_examined) = map_body_part.body_part_raw

)

select
    study_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', 'dataset']) }} as release_key,
    case
        when repository_id is not null then {{ surrogate_key(['repository_id']) }}
    end as repository_key,
    patient_key,
    collection_key,
    license_key,
    case
        when modality_count = 1 then {{ surrogate_key(['modality']) }}
    end as modality_key,
    case
        when body_part_id is not null then {{ surrogate_key(['body_part_id']) }}
    end as body_part_key,
    case
        when loinc_code is not null then {{ surrogate_key(['loinc_code']) }}
    end as procedure_code_key,
    source_id,
    repository_id,
    study_instance_uid,
    study_node_id,
    license_raw,
    study_date,
    study_year,
    study_description,
    modalities,
    modality_count,
    body_parts_examined,
    body_part_count,
    loinc_code,
    age_at_imaging_years,
    days_to_study,
    days_from_study_to_pos_covid_test,
    days_from_study_to_neg_covid_test,
    image_data_modified_raw,
    patient_count,
    collection_count,
    series_count,
    cast(instance_count as {{ dbt.type_bigint() }}) as instance_count,
    cast(size_bytes as {{ dbt.type_bigint() }}) as size_bytes,
    ct_series_file_count,
    cr_series_file_count,
    dx_series_file_count,
    mr_series_file_count,
    radiology_report_count
from conformed
