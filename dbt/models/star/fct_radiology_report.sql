-- Grain: one radiology report.

{{ union_by_columns(['int_midrc__radiology_report']) }}
