"""How a snapshot is cited: what must be named, and one module for each format that says it.

`model` holds what is cited; `text`, `bibtex`, `csl_json`, `ris`, `cff` and `datacite` write it; `formats` lists them.
What is cited is read from a snapshot by `warehouse.snapshots.cited`: nothing in here opens a file or looks at a clock,
so the same snapshot gives the same bytes.
"""
