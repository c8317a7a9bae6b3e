"""The database in which the records are synthesised: DuckDB with the macros that the relations use.

What belongs here: opening the database, and loading the arrays of the core entities as tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.sandbox.population import vocabulary
from warehouse.sql_text import literal


def texts(values: Iterable[str]) -> str:
    """Return an SQL list of string literals."""
    return "[" + ", ".join(map(literal, values)) + "]"


def open_database(folder: Path, seed: int, memory_limit: str = "3GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Return a connection to a new database in `folder`, which may spill to disk, with the macros of the relations."""
    connection = duckdb.connect(
        str(folder / "synthesis.duckdb"),
        config={"memory_limit": memory_limit, "threads": threads, "temp_directory": str(folder / "spill")},
    )
    connection.execute("set enable_progress_bar = false")
    connection.execute("create schema core")
    for statement in (
        f"create macro record_id(kind, n) as md5('{seed}:' || kind || ':' || n)::uuid::varchar",
        f"create macro draw(kind, n, k) as (md5_number_lower('{seed}:' || kind || ':' || n) % k)::bigint",
        "create macro one(x) as case when x is null then [] else [x] end",
        "create macro set_of(x) as coalesce(list_sort(list_distinct(list(x) filter (x is not null))), [])",
        "create macro parent(x) as case when x is null then null else [x] end",
        _choice("medication", ("code", "system", "manufacturer", "name", "kind"), vocabulary.MEDICATIONS),
        _choice("condition", ("code", "system", "name"), vocabulary.CONDITIONS),
        _choice("procedure", ("name", "kind"), vocabulary.PROCEDURES),
        _choice("device", ("manufacturer", "model"), vocabulary.MANUFACTURERS),
    ):
        connection.execute(statement)
    return connection


def _choice(name: str, members: tuple[str, ...], rows: tuple[tuple[str | None, ...], ...]) -> str:
    """Return a macro that selects one of the rows, as a struct, by a drawn number."""
    structs = []
    for row in rows:
        values = ("null::varchar" if value is None else literal(value) for value in row)
        pairs = [f"'{member}': {value}" for member, value in zip(members, values, strict=True)]
        structs.append("{" + ", ".join(pairs) + "}")
    return f"create macro {name}(n) as ([{', '.join(structs)}])[1 + draw('{name}', n, {len(rows)})]"


def load(connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, Any]) -> None:
    """Make a table of the schema `core` from arrays of one length; `n` is the position."""
    arrays = {"n": pa.array(range(len(next(iter(columns.values()))))), **{k: pa.array(v) for k, v in columns.items()}}
    connection.register("arriving", pa.table(arrays))
    connection.execute(f"create table core.{name} as select * from arriving")
    connection.unregister("arriving")
