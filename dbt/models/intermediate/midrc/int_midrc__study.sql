-- Grain: one imaging study of the portal, in the shape of dim_study and fct_study.
--
-- Its case, dataset, licence, modality and body part stand here where it has one alone; lists are texts.

with studies as (

    select
        source_id,
        study_node_id,
        study_natural_key,
        study_instance_uid,
        study_year,
        study_year_shifted,
        study_description,
        {{ sole_value('case_ids') }} as case_id,
        {{ value_count('case_ids') }} as patient_count,
        {{ sole_value('dataset_ids') }} as collection_id,
        {{ value_count('dataset_ids') }} as collection_count,
        {{ sole_value('licenses') }} as sole_license_raw,
        {{ dicom_values('licenses') }} as license_raw,
        {{ sole_value('study_modality') }} as modality,
        {{ dicom_values('study_modality') }} as modalities,
        {{ value_count('study_modality') }} as modality_count,
        {{ sole_value('body_part_examined') }} as body_part_examined,
        {{ dicom_values('body_part_examined') }} as body_parts_examined,
        {{ value_count('body_part_examined') }} as body_part_count,
        loinc_code,
        age_at_imaging_years,
        {{ cast_or_null('round(days_to_study, 3)', 'decimal(12, 3)') }} as days_to_study,
        {{ dicom_values('days_from_study_to_pos_covid_test') }} as days_from_study_to_pos_covid_test,
        {{ dicom_values('days_from_study_to_neg_covid_test') }} as days_from_study_to_neg_covid_test,
        image_data_modified_raw,
        ct_series_file_count,
        cr_series_file_count,
        dx_series_file_count,
        mr_series_file_count,
        radiology_report_count
    from {{ ref('stg_midrc__imaging_study') }}

)

select
    {{ surrogate_key(["'midrc'", 'studies.study_natural_key']) }} as study_key,
    {{ surrogate_key(["'midrc'"]) }} as source_key,
    {{ surrogate_key(["'midrc'", "'imaging_study'"]) }} as release_key,
    {{ portal_patient_key("'midrc'", 'studies.case_id') }} as patient_key,
    {{ reference_key(["'midrc'", 'studies.collection_id']) }} as collection_key,
    {{ mapped_key('license', 'studies.sole_license_raw') }} as license_key,
    {{ modality_key('studies.modality') }} as modality_key,
    {{ mapped_key('body_part', 'upper(studies.body_part_examined)') }} as body_part_key,
    {{ reference_key(['studies.loinc_code']) }} as procedure_code_key,
    studies.source_id,
    studies.study_instance_uid,
    studies.study_node_id,
    studies.sole_license_raw,
    studies.license_raw,
    cast(0 as {{ dbt.type_bigint() }}) as study_date_count,
    studies.study_year,
    case
        when lower(studies.study_year_shifted) in ('true', 'yes') then true
        when lower(studies.study_year_shifted) in ('false', 'no') then false
    end as is_study_year_shifted,
    studies.study_description,
    cast(case when studies.study_description is null then 0 else 1 end as {{ dbt.type_bigint() }}) as study_description_count,
    studies.modalities,
    studies.modality_count,
    studies.body_parts_examined,
    studies.body_part_count,
    studies.loinc_code,
    studies.age_at_imaging_years,
    studies.days_to_study,
    studies.days_from_study_to_pos_covid_test,
    studies.days_from_study_to_neg_covid_test,
    studies.image_data_modified_raw,
    studies.patient_count,
    studies.collection_count,
    studies.ct_series_file_count,
    studies.cr_series_file_count,
    studies.dx_series_file_count,
    studies.mr_series_file_count,
    studies.radiology_report_count,
    {{ is_dicom_uid('studies.study_instance_uid') }} as has_valid_uid,
    coalesce(studies.study_natural_key <> studies.study_instance_uid, false) as is_repeated_uid,
    true as is_described
from studies
{{ join_modality('studies.modality') }}
{{ join_mapping('body_part', 'upper(studies.body_part_examined)') }}
{{ join_mapping('license', 'studies.sole_license_raw', 'studies.source_id') }}
