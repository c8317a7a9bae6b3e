-- Grain: one collection of IDC, dataset of MIDRC or dataset of a repository that the BDF Imaging Hub federates.
--
-- IDC collections that only earlier releases held are kept, with is_in_release = false. MIDRC has no records of datasets: its
-- metadata service describes them, and where it does not, the cases of one dataset alone tell its licence and its DOI. What only
-- other records name has is_described = false.

{{ union_by_columns(['int_idc__collection', 'int_midrc__collection', 'int_bih__collection']) }}
