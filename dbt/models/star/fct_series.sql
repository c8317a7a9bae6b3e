-- Grain: one DICOM series as one source describes it: a series of IDC, a data file of MIDRC that holds a series, or a series
-- of a repository that the BDF Imaging Hub federates.
--
-- A series is keyed by its SeriesInstanceUID. Where several records of a source share one, the first by node id keeps it and the
-- others are keyed by their node ids (is_repeated_uid); so are records without a UID. The portals name studies, patients,
-- collections and licences in lists: the key stands here where a list holds one, and the counts tell when it holds more.
-- bridge_series_collection and bridge_study_patient have them all.

{{ union_by_columns(['int_idc__series', 'int_midrc__series', 'int_bih__series']) }}
