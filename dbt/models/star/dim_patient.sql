-- Grain: one patient of IDC, case of MIDRC or subject of a repository that the BDF Imaging Hub federates.
--
-- In IDC a PatientID is unique only inside its collection, so the collection is a part of the key. A MIDRC case and a subject of
-- the Hub are known by their submitter ids; where several records share one, the first by node id keeps it and the others are
-- keyed by their node ids. Patients that studies or series name and that have no record have is_described = false.

{{ union_by_columns([
    'int_idc__patient',
    'int_midrc__patient',
    'int_bih__patient',
    'int_shared__undescribed_patient',
]) }}
