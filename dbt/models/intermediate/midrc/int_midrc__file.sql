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
    files.*,
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
    cases.case_id,
    studies.study_instance_uid,
    coalesce(cases.case_count, 0) as case_count,
    coalesce(studies.study_count, 0) as study_count,
    {{ first_number('files.slice_thickness_values') }} as slice_thickness_mm,
    {{ first_number('files.spacing_between_slices_values') }} as spacing_between_slices_mm,
    {{ first_number('files.echo_time_values') }} as echo_time_ms,
    {{ first_number('files.repetition_time_values') }} as repetition_time_ms,
    {{ dicom_values('files.image_type_values') }} as image_type,
    {{ dicom_values('files.view_position_values') }} as view_position,
    {{ dicom_values('files.contrast_bolus_agent_values') }} as contrast_bolus_agent,
    {{ dicom_values('files.convolution_kernel_values') }} as convolution_kernel,
    {{ dicom_values('files.scan_options_values') }} as scan_options,
    {{ dicom_values('files.sequence_variant_values') }} as sequence_variant,
    {{ dicom_values('files.angio_flag_values') }} as angio_flag,
    {{ dicom_values('files.imaged_nucleus_values') }} as imaged_nucleus,
    {{ dicom_values('files.echo_number_values') }} as echo_number,
    {{ dicom_values('files.echo_train_length_values') }} as echo_train_length,
    {{ dicom_numbers('files.echo_time_values') }} as echo_time,
    {{ dicom_numbers('files.repetition_time_values') }} as repetition_time,
    {{ dicom_numbers('files.diffusion_b_value_values') }} as diffusion_b_value,
    {{ dicom_values('files.number_of_temporal_positions_values') }} as number_of_temporal_positions,
    {{ dicom_numbers('files.slice_thickness_values') }} as slice_thickness,
    {{ dicom_numbers('files.spacing_between_slices_values') }} as spacing_between_slices,
    {{ dicom_numbers('files.pixel_spacing_values') }} as pixel_spacing,
    {{ dicom_numbers('files.imager_pixel_spacing_values') }} as imager_pixel_spacing,
    case lower(files.image_data_modified_raw) when 'true' then true when 'false' then false end as image_data_modified
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
