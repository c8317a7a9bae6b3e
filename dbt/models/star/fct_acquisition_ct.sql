-- Grain: one CT series.

with series as (

    select
        ct_index.*,
        {{ occurrence('ct_index', 'series_instance_uid', 'stg_idc__ct_index') }} as occurrence
    from {{ ref('stg_idc__ct_index') }} as ct_index

)

select
    {{ key_of_occurrence('series_instance_uid') }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'ct_index'"]) }} as release_key,
    source_id,
    series_instance_uid,
    image_type,
    pixel_spacing_row_mm,
    pixel_spacing_col_mm,
    rows,
    columns,
    slice_thickness_mm,
    kvp,
    scan_options,
    convolution_kernel,
    gantry_detector_tilt_degrees,
    x_ray_tube_current_min_ma,
    x_ray_tube_current_max_ma,
    filter_type,
    exposure_min_mas,
    exposure_max_mas,
    exposure_time_min_ms,
    exposure_time_max_ms,
    data_collection_diameter_mm,
    reconstruction_diameter_mm,
    spiral_pitch_factor
from series
