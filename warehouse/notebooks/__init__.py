"""A snapshot in Python: opened by id, folder, zip file or address, asked in SQL, read as Arrow, polars or pandas.

`warehouse.open` is the way in.
"""
