-- Grain: one slide microscopy instance.

with source as (

    select * from {{ source('idc', 'sm_instance_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SOPInstanceUID') }} as sop_instance_uid,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        embeddingMedium_CodeMeaning as embedding_medium_code_meaning,
        embeddingMedium_code_designator_value_str as embedding_medium_code_designator_value_str,
        tissueFixative_CodeMeaning as tissue_fixative_code_meaning,
        tissueFixative_code_designator_value_str as tissue_fixative_code_designator_value_str,
        staining_usingSubstance_CodeMeaning as staining_using_substance_code_meaning,
        staining_usingSubstance_code_designator_value_str as staining_using_substance_code_designator_value_str,
        PixelSpacing_0 as pixel_spacing_row_mm,
        ImageType as image_type,
        {{ text_or_null('TransferSyntaxUID') }} as transfer_syntax_uid,
        {{ plausible_count('instance_size') }} as size_bytes,
        TotalPixelMatrixColumns as total_pixel_matrix_columns,
        TotalPixelMatrixRows as total_pixel_matrix_rows,
        {{ text_or_null('crdc_instance_uuid') }} as crdc_instance_uuid
    from source

)

select * from renamed
