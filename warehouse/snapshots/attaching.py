"""Several snapshots in one query: each beside the one that is asked, under a name that the query chooses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from warehouse.errors import UsageError
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.sql_text import literal, quoted

# What DuckDB, the published file and the standard call their own.
_TAKEN = frozenset({"information_schema", "main", "memory", "pg_catalog", "system", "temp", "warehouse"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def named(home: Path, texts: Iterable[str], asked: Snapshot) -> dict[str, Snapshot]:
    """Return the snapshots that texts of the form `old=ID` name, by those names.

    Raises:
        UsageError: a text has another form, a name cannot be had, or a snapshot does not exist or is there already.
    """
    found: dict[str, Snapshot] = {}
    for text in texts:
        name, sign, snapshot_id = text.partition("=")
        if not sign or not snapshot_id or not _NAME.fullmatch(name):
            raise UsageError(
                f"--attach {text} is not NAME=ID. Write --attach old=ID, and old.fct_series in the query; "
                "`icw snapshots` lists the ids."
            )
        if name.lower() in _TAKEN | {other.lower() for other in found}:
            raise UsageError(f"--attach {text}: the name {name!r} is taken. Choose another one.")
        snapshot = catalog.snapshot(home, snapshot_id)
        if snapshot.id == asked.id or snapshot.id in {other.id for other in found.values()}:
            there = "the one that is asked: its tables need no name" if snapshot.id == asked.id else "attached already"
            raise UsageError(f"--attach {text}: {snapshot.id} is {there}. Attach another one, or leave it out.")
        found[name] = snapshot
    return found


def open_together(
    asked: Path,
    others: Mapping[str, Path],
    config: dict[str, str | bool | int | float | list[str]],
    session: Mapping[str, str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open DuckDB files read-only in one connection, and close it to all other files.

    The tables of `asked` need no name before them. The connection is a database of its own, in memory, which no other
    connection of the process shares; so files can be attached before it is closed. `session` are settings that DuckDB
    takes only once it runs, as `timezone`.
    """
    closing = {"enable_external_access", "lock_configuration"}
    connection = duckdb.connect(":memory:", config={key: config[key] for key in config if key not in closing})
    try:
        for name, file in {"warehouse": asked, **others}.items():
            connection.execute(f"attach {literal(str(file))} as {quoted(name)} (read_only)")
        connection.execute("use warehouse")
        for setting, value in (session or {}).items():
            connection.execute(f"set {setting} = {literal(value)}")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection
