-- Grain: one laboratory measurement.

{{ union_by_columns(['int_midrc__measurement']) }}
