-- Grain: one data file of the MIDRC portal.
--
-- The keys of cases, studies, datasets and licences are those of files that have exactly one; the bridges have all.

with files as (

    select * from {{ ref('stg_midrc__data_file') }}

),

cases as (

    select
        source_id,
        file_node_id,
        count(*) as case_count,
        case when count(*) = 1 then min(case_id) end as case_id,
        case when count(*) = 1 then min(patient_natural_key) end as patient_natural_key
    from {{ ref('int_midrc__file_cases') }}
    group by
        source_id,
        file_node_id

),

studies as (

    select
        source_id,
        file_node_id,
        count(*) as study_count,
        case when count(*) = 1 then min(study_instance_uid) end as study_instance_uid,
        case when count(*) = 1 then min(study_natural_key) end as study_natural_key
    from {{ ref('int_midrc__file_studies') }}
    group by
        source_id,
        file_node_id

),

collections as (

    select
        source_id,
        file_node_id,
        count(*) as collection_count,
        case when count(*) = 1 then min(collection_id) end as collection_id
    from {{ ref('int_midrc__file_datasets') }}
    group by
        source_id,
        file_node_id

),

licenses as (

    select
        source_id,
        file_node_id,
        count(*) as license_count,
        case when count(*) = 1 then min(license_raw) end as license_raw
    from {{ ref('int_midrc__file_licenses') }}
    group by
        source_id,
        file_node_id

),

series as (

    select
        source_id,
        series_node_id,
        series_natural_key
    from {{ ref('int_midrc__series_keyed') }}

),

annotations as (

    select
        file_node_id,
        count(*) as annotation_count
    from {{ ref('int_midrc__file_annotations') }}
    group by file_node_id

)

select
    {{ surrogate_key(['files.source_id', 'files.file_node_id']) }} as file_key,
    {{ surrogate_key(['files.source_id']) }} as source_key,
    {{ surrogate_key(['files.source_id', "'data_file'"]) }} as release_key,
    case
        when series.series_natural_key is not null
            then {{ surrogate_key(['series.source_id', 'series.series_natural_key']) }}
    end as series_key,
    case
        when studies.study_natural_key is not null
            then {{ surrogate_key(['studies.source_id', 'studies.study_natural_key']) }}
    end as study_key,
    case
        when cases.patient_natural_key is not null
            then {{ surrogate_key(['cases.source_id', "''", 'cases.patient_natural_key']) }}
    end as patient_key,
    case
        when collections.collection_id is not null
            then {{ surrogate_key(['collections.source_id', 'collections.collection_id']) }}
    end as collection_key,
    case
        when licenses.license_raw is not null
            then {{ surrogate_key(['coalesce(map_license.license_id, licenses.license_raw)']) }}
    end as license_key,
    case
        when files.modality is not null then {{ surrogate_key(['files.modality']) }}
    end as modality_key,
    case
        when files.manufacturer is not null
            then {{ surrogate_key(['coalesce(map_manufacturer.manufacturer_id, upper(files.manufacturer))']) }}
    end as manufacturer_key,
    files.source_id,
    files.file_node_id,
    files.file_id,
    files.object_id,
    files.project_id,
    collections.collection_id,
    cases.case_id,
    studies.study_instance_uid,
    files.series_instance_uid,
    coalesce(collections.collection_count, 0) as collection_count,
    coalesce(cases.case_count, 0) as case_count,
    coalesce(studies.study_count, 0) as study_count,
    coalesce(annotations.annotation_count, 0) as annotation_count,
    files.source_node,
    files.data_category,
    files.data_type,
    files.data_format,
    files.file_name,
    files.size_bytes,
    files.size_raw,
    files.md5,
    licenses.license_raw,
    coalesce(licenses.license_count, 0) as license_count,
    files.dicom_header_file_guid,
    files.modality,
    files.instance_count,
    files.series_description,
    files.series_description_raw,
    files.manufacturer,
    files.manufacturer_model_name,
    files.software_version,
    files.software_versions,
    files.annotation_name,
    files.annotation_method,
    files.annotator_id,
    files.acquisition_type,
    files.detector_type,
    files.diffusion_gradient_orientation,
    files.exposure_modulation_type,
    files.patient_position,
    files.radiopharmaceutical,
    files.transducer_type,
    files.lossy_image_compression,
    files.spatial_resolution_mm,
    {{ first_number('files.slice_thickness') }} as slice_thickness_mm,
    {{ first_number('files.spacing_between_slices') }} as spacing_between_slices_mm,
    {{ first_number('files.echo_time') }} as echo_time_ms,
    {{ first_number('files.repetition_time') }} as repetition_time_ms,
    {{ dicom_values('files.image_type') }} as image_type,
    {{ dicom_values('files.view_position') }} as view_position,
    {{ dicom_values('files.contrast_bolus_agent') }} as contrast_bolus_agent,
    {{ dicom_values('files.convolution_kernel') }} as convolution_kernel,
    {{ dicom_values('files.scan_options') }} as scan_options,
    {{ dicom_values('files.sequence_variant') }} as sequence_variant,
    {{ dicom_values('files.angio_flag') }} as angio_flag,
    {{ dicom_values('files.imaged_nucleus') }} as imaged_nucleus,
    {{ dicom_values('files.echo_number') }} as echo_number,
    {{ dicom_values('files.echo_train_length') }} as echo_train_length,
    {{ dicom_numbers('files.echo_time') }} as echo_time,
    {{ dicom_numbers('files.repetition_time') }} as repetition_time,
    {{ dicom_numbers('files.diffusion_b_value') }} as diffusion_b_value,
    {{ dicom_values('files.number_of_temporal_positions') }} as number_of_temporal_positions,
    {{ dicom_numbers('files.slice_thickness') }} as slice_thickness,
    {{ dicom_numbers('files.spacing_between_slices') }} as spacing_between_slices,
    {{ dicom_numbers('files.pixel_spacing') }} as pixel_spacing,
    {{ dicom_numbers('files.imager_pixel_spacing') }} as imager_pixel_spacing,
    case lower(files.image_data_modified_raw)
        when 'true' then true
        when 'false' then false
    end as image_data_modified,
    files.image_data_modified_raw,
    files.image_data_modification_method,
    files.image_data_modification_name
from files
left join cases
    on files.file_node_id = cases.file_node_id
left join studies
    on files.file_node_id = studies.file_node_id
left join collections
    on files.file_node_id = collections.file_node_id
left join licenses
    on files.file_node_id = licenses.file_node_id
left join series
    on files.file_node_id = series.series_node_id
left join annotations
    on files.file_node_id = annotations.file_node_id
left join {{ ref('map_license') }} as map_license
    on licenses.source_id = map_license.source_id
    and licenses.license_raw = map_license.license_raw
left join {{ ref('map_manufacturer') }} as map_manufacturer
    on upper(files.manufacturer) = map_manufacturer.manufacturer_raw
