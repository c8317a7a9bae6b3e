-- Grain: one study record of MIDRC or of a repository that the BDF Imaging Hub federates, with what fct_study takes from it.

{{ union_by_columns(['int_midrc__study', 'int_bih__study']) }}
