"""Snapshots: what a build becomes when readers may see it, and how they find and read it.

`publish` writes one (Parquet, DuckDB, manifest, documents) and moves `current`; `catalog` finds them; `query` and
`formats` read them. A snapshot never changes after it has been published. Nothing in here builds or judges tables.
"""
