-- Grain: one slide microscopy instance.

with slide_instances as (

    select
        sm_instance_index.*,
        {{ occurrence('sm_instance_index', 'sop_instance_uid', 'stg_idc__sm_instance_index') }} as occurrence
    from {{ ref('stg_idc__sm_instance_index') }} as sm_instance_index

)

select
    {{ key_of_occurrence('sop_instance_uid') }} as slide_instance_key,
    {{ reference_key(['source_id', 'series_instance_uid']) }} as series_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', "'sm_instance_index'"]) }} as release_key,
    source_id,
    sop_instance_uid,
    series_instance_uid,
    embedding_medium_code_meaning,
    embedding_medium_code_designator_value_str,
    tissue_fixative_code_meaning,
    tissue_fixative_code_designator_value_str,
    staining_using_substance_code_meaning,
    staining_using_substance_code_designator_value_str,
    pixel_spacing_row_mm,
    image_type,
    transfer_syntax_uid,
    size_bytes,
    total_pixel_matrix_columns,
    total_pixel_matrix_rows,
    crdc_instance_uuid
from slide_instances
