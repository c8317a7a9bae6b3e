"""Empty tables like those of snapshots, in memory: what a query means can be asked of DuckDB without reading a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import duckdb

from warehouse.snapshots.manifest import TableEntry
from warehouse.sql_text import quoted


@contextmanager
def empty_tables(tables: Mapping[str, Iterable[TableEntry]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with an empty table for each of these, in a database of each name.

    Args:
        tables: the tables of each snapshot by the name that it has in a query; the first needs no name.
    """
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        for name, of in tables.items():
            connection.execute(f"attach ':memory:' as {quoted(name)}")
            for table in of:
                columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in table.columns)
                connection.execute(f"create table {quoted(name)}.{quoted(table.name)} ({columns})")
        connection.execute(f"use {quoted(next(iter(tables)))}")
        yield connection
