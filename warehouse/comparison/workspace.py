"""A DuckDB that sees two snapshots: their Parquet files as views in the schemas `before` and `after`, nothing written.

A table that has parts may have some that are the same file in both. A key is in one part of a table, so that no row of
such a part has come, gone or changed: `before_apart` and `after_apart` have the rows of the other parts alone. Beside
them are `changes` (the rows of a table that are not the same, by key; `_kind` is added, removed, changed or
absence) and `cells` (which of their columns differ: bits of `_differing` by `_group`); `rows` fills both. What does not
fit in memory goes to a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import duckdb

from warehouse.errors import IntegrityError, StorageError
from warehouse.snapshots.catalog import Snapshot
from warehouse.sql_text import quoted, read_parquet

BEFORE, AFTER, CHANGES, CELLS = "before", "after", "changes", "cells"
BEFORE_APART, AFTER_APART = "before_apart", "after_apart"


@contextmanager
def workspace(
    before: Snapshot, after: Snapshot, *, threads: int, memory_limit: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB in memory with every table of both snapshots as a view.

    Raises:
        IntegrityError: a Parquet file is gone or cannot be read; also while the body of the `with` reads it.
        StorageError: there is no room for what does not fit in memory; the same.
    """
    with tempfile.TemporaryDirectory(prefix="icw-diff-") as scratch, _sentences(before, after, memory_limit):
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": str(threads),
            "memory_limit": memory_limit,
            "temp_directory": scratch,
            # What is asked for in an order has one; to keep that of the files as well would only take memory.
            "preserve_insertion_order": "false",
        }
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute("set enable_progress_bar = false")
            for schema in (CHANGES, CELLS):
                connection.execute(f"create schema {schema}")
            for schema, apart, snapshot, other in (
                (BEFORE, BEFORE_APART, before, after),
                (AFTER, AFTER_APART, after, before),
            ):
                connection.execute(f"create schema {schema}; create schema {apart}")
                known = {table.name: {file.sha256 for file in table.files} for table in other.manifest.tables}
                for table in snapshot.manifest.tables:
                    files = snapshot.files_of(table)
                    own = [
                        path
                        for path, file in zip(files, table.files, strict=True)
                        if file.sha256 not in known.get(table.name, ())
                    ]
                    rows = (
                        f"select * from {read_parquet(own)}" if own else f"from {in_schema(schema, table.name)} limit 0"
                    )
                    connection.execute(
                        f"create view {in_schema(schema, table.name)} as select * from {read_parquet(files)}; "
                        f"create view {in_schema(apart, table.name)} as {rows}"
                    )
            yield connection


def in_schema(schema: str, table: str) -> str:
    """Return the SQL name of a table in one of the schemas of a workspace."""
    return f"{schema}.{quoted(table)}"


def same_key(key: Iterable[str], left: str, right: str) -> str:
    """Return the condition that two relations agree in the key."""
    return " and ".join(f"{left}.{quoted(column)} = {right}.{quoted(column)}" for column in key)


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Return the number of rows of what stands after FROM."""
    [(rows,)] = connection.execute(f"select count(*) from {relation}").fetchall()
    return int(rows)


def columns_of(snapshot: Snapshot) -> Mapping[str, frozenset[str]]:
    """Return the columns of each table of a snapshot."""
    return {table.name: frozenset(column.name for column in table.columns) for table in snapshot.manifest.tables}


@contextmanager
def _sentences(before: Snapshot, after: Snapshot, memory_limit: str) -> Iterator[None]:
    """Turn DuckDB's errors into sentences for the person who must act."""
    try:
        yield
    except duckdb.Error as error:
        words = str(error).splitlines()[0]
        if isinstance(error, duckdb.OutOfMemoryException) or _is_refused_write(words):
            raise StorageError(
                f"The snapshots {before.id} and {after.id} cannot be compared: {words}. Raise ICW_MEMORY_LIMIT (now "
                f"{memory_limit}), or free some space in {tempfile.gettempdir()}."
            ) from error
        if isinstance(error, duckdb.IOException | duckdb.InvalidInputException | duckdb.SerializationException):
            raise IntegrityError(
                f"A Parquet file of the snapshots {before.id} and {after.id} cannot be read: {words}. `icw verify` "
                "with each of these ids names the files that are not as they were published."
            ) from error
        raise


def _is_refused_write(words: str) -> bool:
    return any(text in words for text in ("No space left", "Could not write", "Cannot write"))
