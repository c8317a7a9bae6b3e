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
    {{ drs_uri('files.object_id') }} as drs_uri,
    cases.case_id,
    studies.study_instance_uid,
    coalesce(cases.case_count, 0) as case_count,
    coalesce(studies.study_count, 0) as study_count,
    {{ list_first('files.slice_thickness_values') }} as slice_thickness_mm,
    {{ list_first('files.spacing_between_slices_values') }} as spacing_between_slices_mm,
    {{ list_first('files.echo_time_values') }} as echo_time_ms,
    {{ list_first('files.repetition_time_values') }} as repetition_time_ms,
    {{ stated_list('files.image_type_values', dbt.type_string()) }} as image_type,
    {{ stated_list('files.view_position_values', dbt.type_string()) }} as view_position,
    {{ stated_list('files.contrast_bolus_agent_values', dbt.type_string()) }} as contrast_bolus_agent,
    {{ stated_list('files.convolution_kernel_values', dbt.type_string()) }} as convolution_kernel,
    {{ stated_list('files.scan_options_values', dbt.type_string()) }} as scan_options,
    {{ stated_list('files.sequence_variant_values', dbt.type_string()) }} as sequence_variant,
    {{ stated_list('files.angio_flag_values', dbt.type_string()) }} as angio_flag,
    {{ stated_list('files.imaged_nucleus_values', dbt.type_string()) }} as imaged_nucleus,
    {{ stated_list('files.echo_number_values', dbt.type_bigint()) }} as echo_number,
    {{ stated_list('files.echo_train_length_values', dbt.type_bigint()) }} as echo_train_length,
    {{ stated_list('files.echo_time_values', 'double') }} as echo_time,
    {{ stated_list('files.repetition_time_values', 'double') }} as repetition_time,
    {{ stated_list('files.diffusion_b_value_values', 'double') }} as diffusion_b_value,
    {{ stated_list('files.number_of_temporal_positions_values', dbt.type_bigint()) }} as number_of_temporal_positions,
    {{ stated_list('files.slice_thickness_values', 'double') }} as slice_thickness,
    {{ stated_list('files.spacing_between_slices_values', 'double') }} as spacing_between_slices,
    {{ stated_list('files.pixel_spacing_values', 'double') }} as pixel_spacing,
    {{ stated_list('files.imager_pixel_spacing_values', 'double') }} as imager_pixel_spacing,
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
