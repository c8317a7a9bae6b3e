-- Grain: one DICOM series of the real world, as far as identifiers tell, whichever systems describe it.

{{ crosswalk(ref('int_series_members'), 'series', ['modality', 'body_part_id', 'license_id']) }}
