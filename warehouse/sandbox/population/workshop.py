"""The workshop of the synthesis: a DuckDB database with the macros of the relations, and the writer of index files.

What belongs here: opening the workshop, loading the skeleton's arrays as tables, and writing relations to Parquet in
the order of their unique id, the same bytes each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.sandbox.guppy.schema import RecordType
from warehouse.sandbox.population import vocabulary

ROW_GROUP = 20_480
_CHUNK = 1 << 20


def texts(values: Iterable[str]) -> str:
    """Return a list of texts in SQL."""
    return "[" + ", ".join(map(text, values)) + "]"


def text(value: str | None) -> str:
    """Return one text as a literal of SQL; NULL for None."""
    if value is None:
        return "NULL::VARCHAR"
    return "'" + value.replace("'", "''") + "'"


def open_workshop(folder: Path, seed: int, memory_limit: str = "3GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Return a connection to a new database in `folder`, which spills to disk, with the macros of the relations."""
    connection = duckdb.connect(
        str(folder / "workshop.duckdb"),
        config={"memory_limit": memory_limit, "threads": threads, "temp_directory": str(folder / "spill")},
    )
    connection.execute("SET enable_progress_bar = false")
    connection.execute("CREATE SCHEMA core")
    for statement in (
        f"CREATE MACRO record_id(kind, n) AS md5('{seed}:' || kind || ':' || n)::UUID::VARCHAR",
        f"CREATE MACRO draw(kind, n, k) AS (md5_number_lower('{seed}:' || kind || ':' || n) % k)::BIGINT",
        "CREATE MACRO one(x) AS CASE WHEN x IS NULL THEN [] ELSE [x] END",
        "CREATE MACRO set_of(x) AS coalesce(list_sort(list_distinct(list(x) FILTER (x IS NOT NULL))), [])",
        "CREATE MACRO parent(x) AS CASE WHEN x IS NULL THEN NULL ELSE [x] END",
        _choice("medication", ("code", "system", "manufacturer", "name", "kind"), vocabulary.MEDICATIONS),
        _choice("condition", ("code", "system", "name"), vocabulary.CONDITIONS),
        _choice("procedure", ("name", "kind"), vocabulary.PROCEDURES),
        _choice("device", ("manufacturer", "model"), vocabulary.MANUFACTURERS),
    ):
        connection.execute(statement)
    return connection


def _choice(name: str, members: tuple[str, ...], rows: tuple[tuple[str | None, ...], ...]) -> str:
    """Return a macro that picks one of the rows, as a struct, by a drawn number."""
    structs = []
    for row in rows:
        pairs = [f"'{member}': {text(value)}" for member, value in zip(members, row, strict=True)]
        structs.append("{" + ", ".join(pairs) + "}")
    return f"CREATE MACRO {name}(n) AS ([{', '.join(structs)}])[1 + draw('{name}', n, {len(rows)})]"


def load(connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, Any]) -> None:
    """Make a table of the schema `core` from arrays of one length; `n` is the position."""
    arrays = {"n": pa.array(range(len(next(iter(columns.values()))))), **{k: pa.array(v) for k, v in columns.items()}}
    connection.register("arriving", pa.table(arrays))
    connection.execute(f"CREATE TABLE core.{name} AS SELECT * FROM arriving")
    connection.unregister("arriving")


def write_index(connection: duckdb.DuckDBPyConnection, record_type: RecordType, relation: str, path: Path) -> int:
    """Write the records of a relation, sorted by unique id, and return how many they are.

    The relation must have a column for each field; lists and records are cast to the types of the fields.
    """
    columns = ", ".join([f'CAST("{field.name}" AS {field.sql_type}) AS "{field.name}"' for field in record_type.fields])
    order = f'"{record_type.unique_id}"'
    return write_parquet(
        connection,
        f"SELECT (row_number() OVER (ORDER BY {order}) - 1)::BIGINT AS _row, {columns} FROM ({relation})",
        path,
    )


def write_parquet(connection: duckdb.DuckDBPyConnection, relation: str, path: Path) -> int:
    """Write a relation sorted by its first column, which must be unique, and return its number of rows."""
    connection.execute(
        f"COPY (SELECT * FROM ({relation}) ORDER BY 1) TO '{path}' "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}, KV_METADATA {{synthetic: 'true'}})"
    )
    return connection.execute(f"SELECT count(*) FROM read_parquet('{path}')").fetchall()[0][0]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
