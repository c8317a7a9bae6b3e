-- Grain: one slide microscopy series.

with slides as (

    select
        sm_index.*,
        {{ occurrence('sm_index', 'series_instance_uid', 'stg_idc__sm_index') }} as occurrence
    from {{ ref('stg_idc__sm_index') }} as sm_index

)

select
    {{ key_of_occurrence('series_instance_uid') }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'sm_index'"]) }} as release_key,
    source_id,
    series_instance_uid,
    container_identifier,
    embedding_medium_code_meaning,
    embedding_medium_code_designator_value_str,
    tissue_fixative_code_meaning,
    tissue_fixative_code_designator_value_str,
    staining_using_substance_code_meaning,
    staining_using_substance_code_designator_value_str,
    min_pixel_spacing_mm,
    max_total_pixel_matrix_columns,
    max_total_pixel_matrix_rows,
    objective_lens_power,
    primary_anatomic_structure_code_designator_value_str,
    primary_anatomic_structure_code_meaning,
    primary_anatomic_structure_modifier_code_designator_value_str,
    primary_anatomic_structure_modifier_code_meaning,
    illumination_type_code_designator_value_str,
    illumination_type_code_meaning,
    admitting_diagnosis_code_designator_value_str,
    admitting_diagnosis_code_meaning
from slides
