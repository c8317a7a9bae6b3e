-- Grain: one RT structure set series.

with structure_sets as (

    select
        structure_sets.*,
        {{ occurrence('structure_sets', 'series_instance_uid', 'stg_idc__rtstruct_index') }} as occurrence,
        {{ reference_key(['source_id', 'referenced_series_instance_uid']) }} as named_series_key
    from {{ ref('stg_idc__rtstruct_index') }} as structure_sets

)

select
    {{ key_of_occurrence('series_instance_uid', 'structure_sets') }} as series_key,
    {{ surrogate_key(['structure_sets.source_id']) }} as source_key,
    {{ surrogate_key(['structure_sets.source_id', "'rtstruct_index'"]) }} as release_key,
    referenced_series.series_key as referenced_series_key,
    structure_sets.source_id,
    structure_sets.series_instance_uid,
    structure_sets.total_rois,
    structure_sets.roi_names,
    structure_sets.roi_generation_algorithms,
    structure_sets.rt_roi_interpreted_types,
    structure_sets.referenced_series_instance_uid
from structure_sets
left join {{ ref('fct_series') }} as referenced_series
    on structure_sets.named_series_key = referenced_series.series_key
