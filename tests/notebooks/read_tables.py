"""Read every table of a DuckDB file in another environment: its columns and rows, by DuckDB and by SQLAlchemy.

    python read_tables.py FILE

prints JSON: the versions; of each table the columns with their types and the rows; and those that SQLAlchemy finds.
"""

from __future__ import annotations

import json
import sys
import warnings

import duckdb
import sqlalchemy as sa
from sqlalchemy.exc import SAWarning

file = sys.argv[1]
# The dialect knows no lists and says so of every column that is one.
warnings.filterwarnings("ignore", category=SAWarning)
engine = sa.create_engine(f"duckdb:///{file}", connect_args={"read_only": True})
reflected = {
    name: [column["name"] for column in sa.inspect(engine).get_columns(name, schema="main")]
    for name in sa.inspect(engine).get_table_names(schema="main")
}
with engine.connect() as asked:
    counted = {name: asked.execute(sa.text(f'select count(*) from "{name}"')).scalar() for name in reflected}
engine.dispose()
tables = {}
with duckdb.connect(file, read_only=True) as connection:
    for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall():
        columns = [row[:2] for row in connection.execute(f'describe "{name}"').fetchall()]
        rows = len(connection.execute(f'select * from "{name}"').fetchall())
        tables[name] = {"columns": columns, "rows": rows}
print(
    json.dumps(
        {
            "versions": [duckdb.__version__, sa.__version__],
            "tables": tables,
            "reflected": reflected,
            "counted": counted,
        }
    )
)
