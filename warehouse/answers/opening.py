"""A snapshot opened for an answer in two ways: its DuckDB file, and its Parquet files, whose digests the record names.

Both are closed to all else, and neither depends on the machine: the time zone is UTC. What the two say must agree, so
that the answer comes from the bytes that are named, whatever the engine does with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.errors import IntegrityError
from warehouse.settings import Settings
from warehouse.snapshots import attaching, query
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.databases import database_of
from warehouse.snapshots.manifest import TableEntry
from warehouse.snapshots.tables import require_its_columns
from warehouse.sql_text import file_literal, literal, quoted, read_parquet

ASKED = "warehouse"
"""The name that the asked snapshot has in a query; those beside it have the names that the query chooses."""

_SESSION = {"timezone": "UTC"}


def opened_database(snapshots: Mapping[str, Snapshot], settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB files of snapshots by the names that they have in a query; the first needs no name.

    One that has been dropped is made again first.

    Raises:
        IntegrityError: a file is gone, or is not a DuckDB file that this version reads.
    """
    asked, *others = snapshots.items()
    files = {name: database_of(snapshot, settings) for name, snapshot in others}
    database = database_of(asked[1], settings)
    try:
        return attaching.open_together(database, files, query.configuration(settings), _SESSION)
    except duckdb.Error as error:
        names = ", ".join(snapshot.id for snapshot in snapshots.values())
        raise IntegrityError(
            f"The DuckDB file of {names} cannot be opened: {_words(error)}. `icw snapshots verify` says which files "
            "are damaged."
        ) from None


@contextmanager
def opened_parquet(
    snapshots: Mapping[str, Snapshot], tables: Mapping[str, tuple[TableEntry, ...]], settings: Settings
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the Parquet files of some tables of snapshots, to be read with another number of threads and in any order.

    Raises:
        IntegrityError: a file is gone, cannot be read, or has other columns than the manifest says.
    """
    config = query.configuration(settings) | {
        "threads": "1" if settings.threads > 1 else "2",
        "preserve_insertion_order": "false",
    }
    locking = ("enable_external_access", "lock_configuration")
    connection = duckdb.connect(":memory:", config={key: config[key] for key in config if key not in locking})
    try:
        files: list[Path] = []
        for name, snapshot in snapshots.items():
            connection.execute(f"attach ':memory:' as {quoted(name)}")
            for table in tables[name]:
                of_table = snapshot.files_of(table)
                _show(connection, name, table, of_table)
                files += of_table
        connection.execute(f"use {quoted(next(iter(snapshots)))}")
        # A pattern that matches a file alone is held against this list as well.
        allowed = dict.fromkeys([*(literal(str(file)) for file in files), *map(file_literal, files)])
        connection.execute(f"set allowed_paths = [{', '.join(allowed)}]")
        for setting, value in _SESSION.items():
            connection.execute(f"set {setting} = {literal(value)}")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


def _show(connection: duckdb.DuckDBPyConnection, name: str, table: TableEntry, files: Sequence[Path]) -> None:
    view = f"{quoted(name)}.{quoted(table.name)}"
    file = files[0]
    try:
        require_its_columns(connection, table, files)
        connection.execute(f"create view {view} as select * from {read_parquet(files)}")
    except duckdb.Error as error:
        raise IntegrityError(
            f"The file {file} cannot be read: {_words(error)}. `icw snapshots verify` says which files are damaged."
        ) from None


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
