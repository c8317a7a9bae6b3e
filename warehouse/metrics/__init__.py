"""Measures that are defined once, in `dbt/semantic`, and all that is made of them.

`model` reads the definitions, `joins` finds how the tables of a star join, `compiler` writes the SQL of a metric. From
the same definitions come the macros of the marts (`dbt_macros`), the page of the metrics (`page`), and two descriptions
for other tools: `metricflow` and `osi`.
"""
