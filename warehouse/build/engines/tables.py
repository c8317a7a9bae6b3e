"""Taking the tables that an engine has written into the DuckDB file of a build."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from warehouse.build.statements import ModelResult
from warehouse.sql_text import literal, quoted


def take_table(
    connection: duckdb.DuckDBPyConnection,
    source: duckdb.DuckDBPyConnection,
    schema: str,
    result: ModelResult,
    folder: Path,
) -> ModelResult:
    """Make the table of a model from the folder of Parquet files that an engine has written for it.

    The table is made as the build of nothing has it (`source`): its columns, types and order. A table of which the
    files hold another number of rows than the engine counts is an error: a file is missing, or one too many is there.

    Raises:
        duckdb.Error: the files are no Parquet, lack a column, or hold a value that has no place in its type.
    """
    name = f"{schema}.{quoted(result.name)}"
    described = source.execute(f"describe {name}").fetchall()
    columns = [(quoted(column), kind) for column, kind, *_ in described]
    connection.execute("begin")
    connection.execute(f"create or replace table {name} ({', '.join(f'{c} {kind}' for c, kind in columns)})")
    taken = 0
    # Sail writes no file where there is no row.
    if any(folder.rglob("*.parquet")):
        inserted = connection.execute(
            f"insert into {name} by name select {', '.join(c for c, _ in columns)} "
            f"from read_parquet({literal(str(folder / '**' / '*.parquet'))})"
        ).fetchone()
        taken = int(inserted[0]) if inserted is not None else 0
    if taken != result.rows:
        connection.execute("rollback")
        message = f"the engine made {result.rows} rows, and its files in {folder} hold {taken}"
        return replace(result, status="error", message=message, rows=0)
    connection.execute("commit")
    return result
