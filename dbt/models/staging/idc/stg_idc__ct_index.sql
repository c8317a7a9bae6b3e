-- Grain: one CT series.

with source as (

    select * from {{ source('idc', 'ct_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        ImageType as image_type,
        PixelSpacing_row_mm as pixel_spacing_row_mm,
        PixelSpacing_col_mm as pixel_spacing_col_mm,
        Rows as rows,
        Columns as columns,
        SliceThickness as slice_thickness_mm,
        KVP as kvp,
        ScanOptions as scan_options,
        ConvolutionKernel as convolution_kernel,
        GantryDetectorTilt as gantry_detector_tilt_degrees,
        XRayTubeCurrent_min as x_ray_tube_current_min_ma,
        XRayTubeCurrent_max as x_ray_tube_current_max_ma,
        {{ text_or_null('FilterType') }} as filter_type,
        Exposure_min as exposure_min_mas,
        Exposure_max as exposure_max_mas,
        ExposureTime_min as exposure_time_min_ms,
        ExposureTime_max as exposure_time_max_ms,
        DataCollectionDiameter as data_collection_diameter_mm,
        ReconstructionDiameter as reconstruction_diameter_mm,
        SpiralPitchFactor as spiral_pitch_factor
    from source

)

select * from renamed
