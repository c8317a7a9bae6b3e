"""Which tables and columns a query reads, as DuckDB plans it; never by the text of the query."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from warehouse.sql_text import literal

# The optimizers that take unused columns out of a plan; the others also take out what an empty table cannot add.
_PRUNING = frozenset({"unused_columns", "cte_inlining"})


def scans(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, frozenset[str]]]:
    """Return the tables that a query reads (`database.schema.table`), each with the columns that it reads of it.

    The plan is to be as written: see `plan_as_written`. `parameters` are the values of all of its `$name`s.

    Raises:
        duckdb.Error: the query cannot be bound.
    """
    [(_, plan)] = connection.execute(f"explain (format json) {query}", dict(parameters or {}) or None).fetchall()
    waiting: list[Mapping[str, Any]] = json.loads(plan)
    while waiting:
        step = waiting.pop()
        waiting += step["children"]
        table, columns = step["extra_info"].get("Table"), step["extra_info"].get("Projections", [])
        if table is not None:
            yield str(table), frozenset([columns] if isinstance(columns, str) else columns) - {""}


def plan_as_written(connection: duckdb.DuckDBPyConnection) -> None:
    """Let plans read all tables that a query names, empty or not, and only the columns that it uses."""
    names = [name for (name,) in connection.execute("select name from duckdb_optimizers()").fetchall()]
    disabled = ",".join(name for name in names if name not in _PRUNING)
    connection.execute(f"set disabled_optimizers = {literal(disabled)}")
