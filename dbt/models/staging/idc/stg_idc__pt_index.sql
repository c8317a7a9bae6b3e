-- Grain: one PET series.

with source as (

    select * from {{ source('idc', 'pt_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        {{ text_or_null('SeriesType') }} as series_type,
        {{ text_or_null('Units') }} as units,
        {{ text_or_null('DecayCorrection') }} as decay_correction,
        CorrectedImage as corrected_image,
        {{ text_or_null('RandomsCorrectionMethod') }} as randoms_correction_method,
        {{ text_or_null('ReconstructionMethod') }} as reconstruction_method,
        ActualFrameDuration as actual_frame_duration_ms,
        {{ text_or_null('ScatterCorrectionMethod') }} as scatter_correction_method,
        {{ text_or_null('AttenuationCorrectionMethod') }} as attenuation_correction_method,
        {{ text_or_null('RadionuclideCodeMeaning') }} as radionuclide_code_meaning,
        RadionuclideTotalDose as radionuclide_total_dose_bq,
        {{ text_or_null('RadiopharmaceuticalStartTime') }} as radiopharmaceutical_start_time,
        {{ text_or_null('Radiopharmaceutical') }} as radiopharmaceutical,
        PixelSpacing_row_mm as pixel_spacing_row_mm,
        PixelSpacing_col_mm as pixel_spacing_col_mm,
        Rows as rows,
        Columns as columns,
        SliceThickness as slice_thickness_mm,
        NumberOfSlices as number_of_slices,
        NumberOfTimeSlices as number_of_time_slices
    from source

)

select * from renamed
