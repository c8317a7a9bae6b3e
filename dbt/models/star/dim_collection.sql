-- Grain: one collection of IDC, dataset of MIDRC or dataset of a repository that the BDF Imaging Hub federates.
--
-- IDC collections that only earlier releases held are kept, with is_in_release = false. MIDRC has no records of datasets: its
-- metadata service describes them, and where it does not, the cases of one dataset alone tell its licence and its DOI. What only
-- other records name has is_described = false.

with idc_series as (

    select
        source_id,
        collection_id
    from {{ ref('stg_idc__idc_index') }}

),

idc_prior_series as (

    select
        source_id,
        collection_id
    from {{ ref('stg_idc__prior_versions_index') }}

),

idc_described as (

    select * from {{ ref('stg_idc__collections_index') }}

),

idc_identifiers as (

    select source_id, collection_id, true as is_in_release from idc_series
    union all
    select source_id, collection_id, true as is_in_release from idc_described
    union all
    select source_id, collection_id, false as is_in_release from idc_prior_series

),

idc_named as (

    select
        source_id,
        collection_id,
        {{ dbt.bool_or('is_in_release') }} as is_in_release
    from idc_identifiers
    where collection_id is not null
    group by
        source_id,
        collection_id

),

idc_collections as (

    select
        idc_named.source_id,
        idc_named.collection_id as natural_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        cast(null as {{ dbt.type_string() }}) as collection_node_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        idc_named.collection_id,
        described.collection_name,
        described.program_id,
        described.cancer_types as disease_type,
        described.tumor_locations as primary_site,
        described.cancer_types,
        described.tumor_locations,
        described.species,
        described.subjects_reported,
        described.supporting_data,
        described.status,
        described.updated_on,
        described.description,
        cast(null as {{ dbt.type_string() }}) as collection_doi,
        cast(null as {{ dbt.type_string() }}) as license_raw,
        cast(null as {{ dbt.type_string() }}) as data_contributor,
        cast(null as {{ dbt.type_string() }}) as citation,
        cast(null as {{ dbt.type_string() }}) as metadata_source_version,
        cast(null as date) as metadata_source_date,
        idc_named.is_in_release,
        described.collection_id is not null as is_described
    from idc_named
    left join idc_described as described
        on idc_named.source_id = described.source_id
        and idc_named.collection_id = described.collection_id

),

midrc_records as (

    select
        collection_id,
        project_id,
        license_raw,
        data_url_doi,
        data_contributor,
        row_number() over (
            partition by collection_id
            order by guid
        ) as place
    from {{ ref('int_midrc__discovery_datasets') }}
    where collection_id is not null

),

midrc_described as (

    select
        collection_id,
        project_id,
        license_raw,
        data_url_doi,
        data_contributor
    from midrc_records
    where place = 1

),

midrc_told as (

    select * from {{ ref('int_midrc__dataset_terms') }}

),

midrc_named as (

    select collection_id from midrc_described
    union
    select collection_id from {{ ref('int_midrc__case_datasets') }}
    union
    select collection_id from {{ ref('int_midrc__study_datasets') }}
    union
    select collection_id from {{ ref('int_midrc__file_datasets') }}

),

midrc_collections as (

    select
        'midrc' as source_id,
        midrc_named.collection_id as natural_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        cast(null as {{ dbt.type_string() }}) as collection_node_id,
        described.project_id,
        midrc_named.collection_id,
        cast(null as {{ dbt.type_string() }}) as collection_name,
        cast(null as {{ dbt.type_string() }}) as program_id,
        cast(null as {{ dbt.type_string() }}) as disease_type,
        cast(null as {{ dbt.type_string() }}) as primary_site,
        cast(null as {{ dbt.type_string() }}) as cancer_types,
        cast(null as {{ dbt.type_string() }}) as tumor_locations,
        cast(null as {{ dbt.type_string() }}) as species,
        cast(null as {{ dbt.type_bigint() }}) as subjects_reported,
        cast(null as {{ dbt.type_string() }}) as supporting_data,
        cast(null as {{ dbt.type_string() }}) as status,
        cast(null as date) as updated_on,
        cast(null as {{ dbt.type_string() }}) as description,
        lower(coalesce(described.data_url_doi, told.data_url_doi)) as collection_doi,
        coalesce(described.license_raw, told.license_raw) as license_raw,
        coalesce(described.data_contributor, told.data_contributor) as data_contributor,
        cast(null as {{ dbt.type_string() }}) as citation,
        cast(null as {{ dbt.type_string() }}) as metadata_source_version,
        cast(null as date) as metadata_source_date,
        true as is_in_release,
        described.collection_id is not null as is_described
    from midrc_named
    left join midrc_described as described
        on midrc_named.collection_id = described.collection_id
    left join midrc_told as told
        on midrc_named.collection_id = told.collection_id

),

bih_datasets as (

    select
        source_id,
        collection_natural_key as natural_key,
        commons_name,
        dataset_node_id as collection_node_id,
        project_id,
        collection_id,
        full_name as collection_name,
        cast(null as {{ dbt.type_string() }}) as program_id,
        disease_type,
        primary_site,
        cast(null as {{ dbt.type_string() }}) as cancer_types,
        cast(null as {{ dbt.type_string() }}) as tumor_locations,
        cast(null as {{ dbt.type_string() }}) as species,
        cast(null as {{ dbt.type_bigint() }}) as subjects_reported,
        cast(null as {{ dbt.type_string() }}) as supporting_data,
        cast(null as {{ dbt.type_string() }}) as status,
        cast(null as date) as updated_on,
        cast(null as {{ dbt.type_string() }}) as description,
        lower(data_url_doi) as collection_doi,
        license_raw,
        cast(null as {{ dbt.type_string() }}) as data_contributor,
        citation,
        metadata_source_version,
        metadata_source_date,
        true as is_in_release,
        true as is_described
    from {{ ref('int_bih__dataset_keyed') }}

),

bih_named as (

    select collection_natural_key from {{ ref('int_bih__subject_collections') }}
    union
    select collection_natural_key from {{ ref('int_bih__imaging_study_collections') }}
    union
    select collection_natural_key from {{ ref('int_bih__imaging_series_collections') }}

),

bih_undescribed as (

    select
        'bih' as source_id,
        bih_named.collection_natural_key as natural_key,
        cast(null as {{ dbt.type_string() }}) as commons_name,
        cast(null as {{ dbt.type_string() }}) as collection_node_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        bih_named.collection_natural_key as collection_id,
        cast(null as {{ dbt.type_string() }}) as collection_name,
        cast(null as {{ dbt.type_string() }}) as program_id,
        cast(null as {{ dbt.type_string() }}) as disease_type,
        cast(null as {{ dbt.type_string() }}) as primary_site,
        cast(null as {{ dbt.type_string() }}) as cancer_types,
        cast(null as {{ dbt.type_string() }}) as tumor_locations,
        cast(null as {{ dbt.type_string() }}) as species,
        cast(null as {{ dbt.type_bigint() }}) as subjects_reported,
        cast(null as {{ dbt.type_string() }}) as supporting_data,
        cast(null as {{ dbt.type_string() }}) as status,
        cast(null as date) as updated_on,
        cast(null as {{ dbt.type_string() }}) as description,
        cast(null as {{ dbt.type_string() }}) as collection_doi,
        cast(null as {{ dbt.type_string() }}) as license_raw,
        cast(null as {{ dbt.type_string() }}) as data_contributor,
        cast(null as {{ dbt.type_string() }}) as citation,
        cast(null as {{ dbt.type_string() }}) as metadata_source_version,
        cast(null as date) as metadata_source_date,
        true as is_in_release,
        false as is_described
    from bih_named
    left join bih_datasets
        on bih_named.collection_natural_key = bih_datasets.natural_key
    where bih_datasets.natural_key is null

),

collections as (

    select * from idc_collections
    union all
    select * from midrc_collections
    union all
    select * from bih_datasets
    union all
    select * from bih_undescribed

),

conformed as (

    select
        collections.*,
        case
            when collections.commons_name is not null
                then {{ repository_id('collections.commons_name', 'repositories.source_id') }}
        end as repository_id,
        coalesce(map_license.license_id, collections.license_raw) as license_id
    from collections
    left join {{ ref('seed_source') }} as repositories
        on lower(collections.commons_name) = lower(repositories.commons_name)
    left join {{ ref('map_license') }} as map_license
        on collections.source_id = map_license.source_id
        and collections.license_raw = map_license.license_raw

)

select
    {{ surrogate_key(['source_id', 'natural_key']) }} as collection_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    case
        when repository_id is not null then {{ surrogate_key(['repository_id']) }}
    end as repository_key,
    case
        when license_id is not null then {{ surrogate_key(['license_id']) }}
    end as license_key,
    source_id,
    repository_id,
    collection_id,
    collection_node_id,
    project_id,
    collection_name,
    program_id,
    disease_type,
    primary_site,
    cancer_types,
    tumor_locations,
    species,
    subjects_reported,
    supporting_data,
    status,
    updated_on,
    description,
    collection_doi,
    license_id,
    license_raw,
    data_contributor,
    citation,
    metadata_source_version,
    metadata_source_date,
    is_in_release,
    is_described
from conformed
