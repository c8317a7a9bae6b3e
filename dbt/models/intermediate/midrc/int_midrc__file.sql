-- Grain: one data file of the MIDRC portal, in the shape of fct_file.
--
-- Cases, studies, datasets and licences stand here where the file names exactly one.

with files as (

    select
        data_files.*,
        {{ sole_value('dataset_ids') }} as collection_id,
        {{ value_count('dataset_ids') }} as collection_count,
        {{ sole_value('licenses') }} as license_raw,
        {{ value_count('licenses') }} as license_count,
        {{ value_count('annotation_node_ids') }} as annotation_count
    from {{ ref('stg_midrc__data_file') }} as data_files

),

cases as (

    {{ counted_links(ref('int_midrc__file_cases'), 'file_node_id', 'case_count', ['case_id', 'patient_natural_key']) }}

),

studies as (

    {{ counted_links(ref('int_midrc__file_studies'), 'file_node_id', 'study_count', ['study_instance_uid', 'study_natural_key']) }}

)

select
    {{ surrogate_key(["'midrc'", 'files.file_node_id']) }} as file_key,
    {{ surrogate_key(["'midrc'"]) }} as source_key,
    {{ surrogate_key(["'midrc'", "'data_file'"]) }} as release_key,
    {{ reference_key(["'midrc'", 'series.series_natural_key']) }} as series_key,
    {{ reference_key(["'midrc'", 'studies.study_natural_key']) }} as study_key,
    {{ portal_patient_key("'midrc'", 'cases.patient_natural_key') }} as patient_key,
    {{ reference_key(["'midrc'", 'files.collection_id']) }} as collection_key,
    {{ mapped_key('license', 'files.license_raw') }} as license_key,
    {{ modality_key('files.modality') }} as modality_key,
    {{ mapped_key('manufacturer', 'upper(files.manufacturer)') }} as manufacturer_key,
    files.source_id,
    files.file_node_id,
    files.file_id,
    files.object_id,
    files.project_id,
    files.collection_id,
    cases.case_id,
    studies.study_instance_uid,
    files.series_instance_uid,
    files.collection_count,
    coalesce(cases.case_count, 0) as case_count,
    coalesce(studies.study_count, 0) as study_count,
    files.annotation_count,
    files.source_node,
    files.data_category,
    files.data_type,
    files.data_format,
    files.file_name,
    files.size_bytes,
    files.size_raw,
    files.md5,
    files.license_raw,
    files.license_count,
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
    case lower(files.image_data_modified_raw) when 'true' then true when 'false' then false end as image_data_modified,
    files.image_data_modified_raw,
    files.image_data_modification_method,
    files.image_data_modification_name
from files
left join cases
    on files.file_node_id = cases.file_node_id
left join studies
    on files.file_node_id = studies.file_node_id
left join {{ ref('int_midrc__series_keyed') }} as series
    on files.file_node_id = series.series_node_id
{{ join_modality('files.modality') }}
{{ join_mapping('manufacturer', 'upper(files.manufacturer)') }}
{{ join_mapping('license', 'files.license_raw', 'files.source_id') }}
