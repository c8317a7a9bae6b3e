-- Grain: one patient of the real world, as far as identifiers tell, whichever systems describe it.

{{ crosswalk(ref('int_patient_members'), 'patient', ['sex', 'race', 'ethnicity', 'age_years']) }}
