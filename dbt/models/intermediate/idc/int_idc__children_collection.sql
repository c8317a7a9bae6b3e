-- Grain: one collection of IDC that tells ages in whole years and only of children.
--
-- There an age of 000Y is that of an infant: of 359 patients of pediatric_ct_seg (5 days to 16 years old), two have it. In all other
-- collections with 000Y in release 25.0.5 it stands for an unknown age: wherever a patient has it beside another, that is of an adult.

select collection_id
from {{ ref('stg_idc__idc_index') }}
where
    collection_id is not null
    and upper(patient_age_raw) like '%Y'
    and patient_age_stated_years > 0
group by collection_id
having max(patient_age_stated_years) < 18
