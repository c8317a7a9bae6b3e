"""Snapshots: what a build becomes when readers may see it, and how they find and read it.

`publish` writes one (Parquet, DuckDB, manifest, documents) and moves `current`; `catalog` finds them; `query` and
`formats` read them. The files of a snapshot never change after it has been published; the DuckDB file of an
older one may be dropped, and is made again on demand. Nothing in here builds or judges tables.
"""
