-- Grain: one MR series.

with series as (

    select
        mr_index.*,
        {{ occurrence('mr_index', 'series_instance_uid', 'stg_idc__mr_index') }} as occurrence
    from {{ ref('stg_idc__mr_index') }} as mr_index

)

select
    {{ key_of_occurrence('series_instance_uid') }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'mr_index'"]) }} as release_key,
    source_id,
    series_instance_uid,
    magnetic_field_strength_tesla,
    scanning_sequence,
    sequence_variant,
    mr_acquisition_type,
    echo_time_ms,
    repetition_time_ms,
    echo_train_length,
    flip_angle_degrees,
    pixel_bandwidth_hz,
    imaging_frequency_mhz,
    imaged_nucleus,
    pixel_spacing_row_mm,
    pixel_spacing_col_mm,
    rows,
    columns,
    slice_thickness_mm,
    inversion_time_ms,
    receive_coil_name,
    sequence_name,
    diffusion_b_value_s_per_mm2,
    number_of_temporal_positions
from series
