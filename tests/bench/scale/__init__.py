"""The scale benchmark: the models of the star at multiples of the public size, DuckDB beside Spark on one machine.

`python -m tests.bench scale` multiplies the series of an IDC release, so that what it builds is synthetic, measures
each engine on it in a process of its own, and renews README.md beside this file.
"""
