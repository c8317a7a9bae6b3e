"""What differs between two published snapshots: schema, rows, columns, and what that means for collections and people.

`schema` holds the tables of two manifests against each other, `rows` and `columns` count in DuckDB over the Parquet
files of both, `effects` says which collections, patients, studies and series came, went or changed hands, and `lines`
lists all of it as one long table. `difference.compare` does the whole. Nothing in here writes into a snapshot.
"""
