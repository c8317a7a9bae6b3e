-- Grain: one imaging study of the real world, as far as identifiers tell, whichever systems describe it.

{{ crosswalk(ref('int_study_members'), 'study', ['modalities', 'age_years']) }}
