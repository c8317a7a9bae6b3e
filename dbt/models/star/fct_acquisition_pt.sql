-- Grain: one PET series.

with series as (

    select
        pt_index.*,
        {{ occurrence('pt_index', 'series_instance_uid', 'stg_idc__pt_index') }} as occurrence
    from {{ ref('stg_idc__pt_index') }} as pt_index

)

select
    {{ key_of_occurrence('series_instance_uid') }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'pt_index'"]) }} as release_key,
    source_id,
    series_instance_uid,
    series_type,
    units,
    decay_correction,
    corrected_image,
    randoms_correction_method,
    reconstruction_method,
    actual_frame_duration_ms,
    scatter_correction_method,
    attenuation_correction_method,
    radionuclide_code_meaning,
    radionuclide_total_dose_bq,
    radiopharmaceutical_start_time,
    radiopharmaceutical,
    pixel_spacing_row_mm,
    pixel_spacing_col_mm,
    rows,
    columns,
    slice_thickness_mm,
    number_of_slices,
    number_of_time_slices
from series
