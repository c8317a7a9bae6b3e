"""Which references of a snapshot may be declared as foreign keys: those that hold, which its files are asked.

An engine that does not enforce a key trusts it: BigQuery leaves out a join with a table whose key is referred to, and
its answer is wrong where a value is not found there. What the star declares may have exceptions (a condition, a
warning), so the values are looked up.
"""

from __future__ import annotations

import duckdb

from warehouse.ddl.model import ForeignKey
from warehouse.description.model import reference
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry
from warehouse.sql_text import quoted, read_parquet


def foreign_keys(snapshot: Snapshot, settings: Settings) -> dict[str, tuple[ForeignKey, ...]]:
    """Return the foreign keys of each table by its name, in the order of its columns.

    A reference to one of several tables, to a column that is no primary key by itself, or that has another type than
    the key, is none. `settings` bound DuckDB.

    Raises:
        IntegrityError: a Parquet file is gone or cannot be read.
        UsageError: the memory limit of `settings` is too low.
    """
    with duckdb.connect(config={"threads": str(settings.threads), "memory_limit": settings.memory_limit}) as connection:
        connection.execute("set enable_progress_bar = false")
        try:
            return {
                table.name: tuple(key for key in _declared(snapshot, table) if _holds(connection, snapshot, table, key))
                for table in snapshot.manifest.tables
            }
        except duckdb.OutOfMemoryException:
            raise UsageError(
                f"ICW_MEMORY_LIMIT={settings.memory_limit} is too little to look up the references of snapshot "
                f"{snapshot.id}. Set it higher, e.g. 2GB, or leave it unset."
            ) from None
        except duckdb.Error as error:
            raise IntegrityError(
                f"The Parquet files of snapshot {snapshot.id} cannot be read: {str(error).splitlines()[0]}. "
                f"`icw verify {snapshot.id}` says which are not as they were published."
            ) from None


def _declared(snapshot: Snapshot, table: TableEntry) -> list[ForeignKey]:
    found: list[ForeignKey] = []
    for column in table.columns:
        target = reference(column.references)
        parent = None if target is None else snapshot.table(target.table)
        if target is None or parent is None or parent.primary_key != (target.column,):
            continue
        if any(key.name == target.column and key.type == column.type for key in parent.columns):
            found.append(ForeignKey(column.name, parent.name, target.column))
    return found


def _holds(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, table: TableEntry, key: ForeignKey) -> bool:
    parent = snapshot.table(key.parent)
    if parent is None:
        return False
    column = quoted(key.column)
    [(missing,)] = connection.execute(
        f"""
        with
            stated as (
                select distinct {column} as key_value
                from {read_parquet(snapshot.files_of(table))}
                where {column} is not null
            ),

            keys as (
                select {quoted(key.parent_column)} as key_value
                from {read_parquet(snapshot.files_of(parent))}
            )

        select count(*)
        from stated
        anti join keys using (key_value)
        """
    ).fetchall()
    return missing == 0
