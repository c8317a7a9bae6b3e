-- Grain: one slide microscopy series.

with source as (

    select * from {{ source('idc', 'sm_index') }}

),

renamed as (

    select
        'idc' as source_id,
        {{ not_blank('SeriesInstanceUID') }} as series_instance_uid,
        {{ text_or_null('ContainerIdentifier') }} as container_identifier,
        embeddingMedium_CodeMeaning as embedding_medium_code_meaning,
        embeddingMedium_code_designator_value_str as embedding_medium_code_designator_value_str,
        tissueFixative_CodeMeaning as tissue_fixative_code_meaning,
        tissueFixative_code_designator_value_str as tissue_fixative_code_designator_value_str,
        staining_usingSubstance_CodeMeaning as staining_using_substance_code_meaning,
        staining_usingSubstance_code_designator_value_str as staining_using_substance_code_designator_value_str,
        min_PixelSpacing_2sf as min_pixel_spacing_mm,
        max_TotalPixelMatrixColumns as max_total_pixel_matrix_columns,
        max_TotalPixelMatrixRows as max_total_pixel_matrix_rows,
        ObjectiveLensPower as objective_lens_power,
        {{ text_or_null('primaryAnatomicStructure_code_designator_value_str') }}
            as primary_anatomic_structure_code_designator_value_str,
        {{ text_or_null('primaryAnatomicStructure_CodeMeaning') }} as primary_anatomic_structure_code_meaning,
        {{ text_or_null('primaryAnatomicStructureModifier_code_designator_value_str') }}
            as primary_anatomic_structure_modifier_code_designator_value_str,
        {{ text_or_null('primaryAnatomicStructureModifier_CodeMeaning') }}
            as primary_anatomic_structure_modifier_code_meaning,
        {{ text_or_null('illuminationType_code_designator_value_str') }}
            as illumination_type_code_designator_value_str,
        {{ text_or_null('illuminationType_CodeMeaning') }} as illumination_type_code_meaning,
        {{ text_or_null('admittingDiagnosis_code_designator_value_str') }}
            as admitting_diagnosis_code_designator_value_str,
        {{ text_or_null('admittingDiagnosis_CodeMeaning') }} as admitting_diagnosis_code_meaning
    from source

)

select * from renamed
