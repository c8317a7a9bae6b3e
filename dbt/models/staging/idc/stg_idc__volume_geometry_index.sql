-- Grain: one CT, MR or PET series.

with source as (

    select * from {{ source('idc', 'volume_geometry_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
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
        origin_patient as origin_patient_mm,
        ImageOrientationPatient as image_orientation_patient,
        slice_spacing_mm
    from source

)

select * from renamed
