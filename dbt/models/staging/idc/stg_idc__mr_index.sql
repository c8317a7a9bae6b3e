-- Grain: one MR series.

with source as (

    select * from {{ source('idc', 'mr_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        MagneticFieldStrength as magnetic_field_strength_tesla,
        ScanningSequence as scanning_sequence,
        SequenceVariant as sequence_variant,
        {{ text_or_null('MRAcquisitionType') }} as mr_acquisition_type,
        EchoTime as echo_time_ms,
        RepetitionTime as repetition_time_ms,
        EchoTrainLength as echo_train_length,
        FlipAngle as flip_angle_degrees,
        PixelBandwidth as pixel_bandwidth_hz,
        ImagingFrequency as imaging_frequency_mhz,
        {{ text_or_null('ImagedNucleus') }} as imaged_nucleus,
        PixelSpacing_row_mm as pixel_spacing_row_mm,
        PixelSpacing_col_mm as pixel_spacing_col_mm,
        Rows as rows,
        Columns as columns,
        SliceThickness as slice_thickness_mm,
        InversionTime as inversion_time_ms,
        {{ text_or_null('ReceiveCoilName') }} as receive_coil_name,
        {{ text_or_null('SequenceName') }} as sequence_name,
        DiffusionBValue as diffusion_b_value_s_per_mm2,
        NumberOfTemporalPositions as number_of_temporal_positions
    from source

)

select * from renamed
