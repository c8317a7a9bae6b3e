-- Grain: one annotation record.

{{ union_by_columns(['int_midrc__annotation']) }}
