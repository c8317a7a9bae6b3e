"""Run in an environment with pysail: run a script in its Spark SQL, and write each table as a Parquet file.

Called with the script, a folder that is not used, the schema, a folder for the files, and the tables. What the last
statement of the script, its check, returns is printed. Spark takes one statement at a time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
from pysail.spark import SparkConnectServer  # pyright: ignore[reportMissingImports]
from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

script, _, schema, output, *tables = sys.argv[1:]
server = SparkConnectServer()
server.start(background=True)
listening = server.listening_address
assert listening is not None
_, port = listening
session = SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()
rows = [
    row
    for statement in Path(script).read_text(encoding="utf-8").split(";\n")
    if statement.strip()
    for row in session.sql(statement).collect()
    if "published_counts" in statement
]
for row in rows:
    print(*row, sep="\t")
for table in tables:
    pq.write_table(session.table(f"`{schema}`.`{table}`").toArrow(), f"{output}/{table}.parquet")
