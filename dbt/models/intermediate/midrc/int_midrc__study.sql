-- Grain: one imaging study of the portal, in the shape of dim_study and fct_study.
--
-- Its case, dataset, licence, modality and body part stand here where it has one alone; its modalities and body parts are sorted lists.

with studies as (

    select
        records.*,
        {{ sole_value('case_ids') }} as case_id,
        {{ value_count('case_ids') }} as patient_count,
        {{ sole_value('dataset_ids') }} as collection_id,
        {{ value_count('dataset_ids') }} as collection_count,
        {{ sole_value('licenses') }} as license_raw,
        {{ sorted_list('licenses') }} as licenses_raw,
        {{ sole_value('study_modality') }} as modality,
        {{ sorted_list('study_modality') }} as modalities,
        {{ value_count('study_modality') }} as modality_count,
        {{ sole_value('body_part_examined_values') }} as body_part_examined,
        {{ sorted_list('body_part_examined_values') }} as body_parts_examined,
        {{ value_count('body_part_examined_values') }} as body_part_count,
        cast({{ cast_or_null('round(days_to_study_raw * 1000) / 1000', 'decimal(18, 3)') }} as double) as days_to_study
    from {{ ref('stg_midrc__imaging_study') }} as records

)

select
    studies.*,
    {{ surrogate_key(["'midrc'", 'studies.study_natural_key']) }} as study_key,
    {{ surrogate_key(["'midrc'"]) }} as source_key,
    {{ surrogate_key(["'midrc'", "'imaging_study'"]) }} as release_key,
    {{ portal_patient_key("'midrc'", 'studies.case_id') }} as patient_key,
    {{ reference_key(["'midrc'", 'studies.collection_id']) }} as collection_key,
    {{ mapped_key('license', 'studies.license_raw') }} as license_key,
    {{ modality_key('studies.modality') }} as modality_key,
    {{ mapped_key('body_part', 'upper(studies.body_part_examined)') }} as body_part_key,
    {{ reference_key(['studies.loinc_code']) }} as procedure_code_key,
    cast(0 as {{ dbt.type_bigint() }}) as study_date_count,
    case
        when lower(studies.study_year_shifted) in ('true', 'yes') then true
        when lower(studies.study_year_shifted) in ('false', 'no') then false
    end as is_study_year_shifted,
    cast(case when studies.study_description is null then 0 else 1 end as {{ dbt.type_bigint() }}) as study_description_count,
    {{ is_dicom_uid('studies.study_instance_uid') }} as has_valid_uid,
    coalesce(studies.study_natural_key <> studies.study_instance_uid, false) as is_repeated_uid,
    true as is_described
from studies
{{ join_modality('studies.modality') }}
{{ join_mapping('body_part', 'upper(studies.body_part_examined)') }}
{{ join_mapping('license', 'studies.license_raw', 'studies.source_id') }}
