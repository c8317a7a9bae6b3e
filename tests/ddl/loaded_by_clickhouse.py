"""Run in an environment with chdb: run a script in an embedded ClickHouse, and write each table as a Parquet file.

Called with the script, a folder for the database, the schema, a folder for the files, and the tables. What the last
statement of the script, its check, returns is printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from chdb.session import Session  # pyright: ignore[reportMissingImports]

script, database, schema, output, *tables = sys.argv[1:]
session = Session(database)
print(session.query(Path(script).read_text(encoding="utf-8"), "TSV"), end="")
for table in tables:
    name = f"`{schema}`.`{table}`"
    session.query(f"select * from {name} into outfile '{output}/{table}.parquet' format Parquet")
