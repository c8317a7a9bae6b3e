-- Grain: one CT, MR or PET series that is a stack of single-frame images.

with series as (

    select
        volume_geometry_index.*,
        {{ occurrence('volume_geometry_index', 'series_instance_uid', 'stg_idc__volume_geometry_index') }} as occurrence
    from {{ ref('stg_idc__volume_geometry_index') }} as volume_geometry_index

)

select
    {{ key_of_occurrence('series_instance_uid') }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'volume_geometry_index'"]) }} as release_key,
    source_id,
    series_instance_uid,
    single_orientation,
    orthogonal_orientation,
    unique_slice_positions,
    consistent_in_plane_row,
    consistent_in_plane_col,
    consistent_pixel_spacing,
    consistent_image_dimensions,
    uniform_slice_spacing,
    obliquity_degrees,
    regularly_spaced_3d_volume,
    origin_patient_mm,
    image_orientation_patient,
    slice_spacing_mm
from series
