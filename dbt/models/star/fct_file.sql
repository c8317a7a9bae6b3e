-- Grain: one data file of the MIDRC portal.
--
-- The keys of cases, studies, datasets and licences are those of files that have exactly one; the bridges have all.

{{ union_by_columns(['int_midrc__file']) }}
