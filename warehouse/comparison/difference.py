"""The comparison of two snapshots as a whole."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from warehouse.comparison.columns import ColumnDifference, compare_columns
from warehouse.comparison.effects import Effects, effects
from warehouse.comparison.keys import bound_to_release, refers_to, rekeyed_rows, rekeyed_sentence
from warehouse.comparison.rows import RowCounts, compare_rows, counted_only, same_bytes
from warehouse.comparison.schema import TablePair, paired
from warehouse.comparison.workspace import AFTER, CHANGES, columns_of, in_schema, workspace
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import AbsentPart, Manifest, TableEntry
from warehouse.sql_text import quoted


@dataclass(frozen=True)
class TableDifference:
    """One table of both snapshots: its schema, its rows and its columns.

    `rows` is None where rows cannot be compared by key; `not_comparable` then says why, and `rows_before` and
    `rows_after` are all that is known. `rekeyed` rows are counted as removed and added, although they are there again
    under another key (less than half of those removed; else the table is not comparable). `is_identical` is one file in
    both snapshots.
    """

    pair: TablePair
    rows_before: int
    rows_after: int
    rows: RowCounts | None
    columns: tuple[ColumnDifference, ...]
    rekeyed: int
    not_comparable: str | None

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.pair.name

    @property
    def is_identical(self) -> bool:
        """Whether both snapshots have the same bytes of it."""
        return self.pair.is_identical

    @property
    def differs(self) -> bool:
        """Whether schema or rows differ; of a table that is not comparable by row, that cannot be excluded."""
        return self.pair.has_another_schema or self.rows is None or self.rows.differing > 0


@dataclass(frozen=True)
class SourceChange:
    """A source of which the snapshots describe different loads; None where one of them has none of it."""

    source: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class SnapshotDifference:
    """All that differs between an earlier and a later snapshot; which of them is older is up to the caller.

    `absent_before` is what only the earlier one lacks because upstream data is not in it, `absent_after` the same of
    the later one: rows that came or went with it say nothing about the world.
    """

    before: Snapshot
    after: Snapshot
    sources: tuple[SourceChange, ...]
    absent_before: tuple[AbsentPart, ...]
    absent_after: tuple[AbsentPart, ...]
    tables_added: tuple[TableEntry, ...]
    tables_removed: tuple[TableEntry, ...]
    tables: tuple[TableDifference, ...]
    effects: Effects

    @property
    def differs(self) -> bool:
        """Whether any table differs in schema or rows."""
        return bool(self.tables_added or self.tables_removed) or any(table.differs for table in self.tables)


@contextmanager
def comparison(
    before: Snapshot, after: Snapshot, *, threads: int = 2, memory_limit: str = "1GB"
) -> Iterator[tuple[SnapshotDifference, duckdb.DuckDBPyConnection]]:
    """Compare two snapshots, and yield what differs beside the workspace that holds the rows and cells that do.

    Tables that are the same file by their manifests are not read. `threads` and `memory_limit` bound DuckDB; they
    change no figure.

    Raises:
        IntegrityError: a Parquet file cannot be read, or does not have the rows and keys of its manifest.
        StorageError: there is no room for what does not fit in memory.
    """
    sources = tuple(_source_changes(before.manifest, after.manifest))
    lacking = _only_in(before.manifest, after.manifest), _only_in(after.manifest, before.manifest)
    with workspace(before, after, threads=threads, memory_limit=memory_limit) as connection:
        pairs = paired(before.manifest.tables, after.manifest.tables)
        compare_one = functools.partial(
            _table,
            connection,
            before,
            after,
            {source.source for source in sources if source.before != source.after},
            [*lacking[0], *lacking[1]],
        )
        tables = _with_dependents([compare_one(pair) for pair in pairs.common])
        compared = [table.name for table in tables if table.rows is not None]
        yield (
            SnapshotDifference(
                before=before,
                after=after,
                sources=sources,
                absent_before=lacking[0],
                absent_after=lacking[1],
                tables_added=pairs.added,
                tables_removed=pairs.removed,
                tables=tables,
                effects=effects(connection, columns_of(before), columns_of(after), compared),
            ),
            connection,
        )


def compare(before: Snapshot, after: Snapshot, *, threads: int = 2, memory_limit: str = "1GB") -> SnapshotDifference:
    """Return what differs between two snapshots; see `comparison`, which also gives access to the rows.

    Raises:
        IntegrityError: a Parquet file cannot be read, or does not have the rows and keys of its manifest.
        StorageError: there is no room for what does not fit in memory.
    """
    with comparison(before, after, threads=threads, memory_limit=memory_limit) as (found, _):
        return found


def _with_dependents(compared: Sequence[TableDifference]) -> tuple[TableDifference, ...]:
    """Return the tables, those with keys of one that is not comparable by row as not comparable either."""
    found = {table.name: table for table in compared}
    while True:
        rekeyed = {table.name: table.not_comparable for table in found.values() if table.not_comparable is not None}
        fallen = [
            (table, reason)
            for table in found.values()
            if table.not_comparable is None
            and not table.is_identical
            and (reason := refers_to(table.pair, rekeyed)) is not None
        ]
        if not fallen:
            return tuple(found.values())
        for table, reason in fallen:
            found[table.name] = _without_rows(table.pair, table.rows_before, table.rows_after, reason)


def _table(
    connection: duckdb.DuckDBPyConnection,
    before: Snapshot,
    after: Snapshot,
    sources: Container[str],
    lacking: Sequence[AbsentPart],
    pair: TablePair,
) -> TableDifference:
    """Compare one table; `sources` have another version, `lacking` is what only one of the snapshots lacks."""
    if pair.is_identical:
        rows = same_bytes(pair)
        if pair.key:
            key = ", ".join(map(quoted, pair.key))
            connection.execute(
                f"create table {in_schema(CHANGES, pair.name)} as select {key}, '' as _kind "
                f"from {in_schema(AFTER, pair.name)} limit 0"
            )
        return TableDifference(pair, rows.before, rows.after, rows, (), 0, None)
    if (reason := pair.not_comparable or bound_to_release(pair, sources)) is not None:
        return _without_rows(pair, *counted_only(connection, pair, before, after), reason)
    absent = {
        column.name: frozenset(part.source for part in lacking if (part.table, part.column) == (pair.name, column.name))
        for column in pair.after.columns
    }
    absent = {column: of for column, of in absent.items() if of}
    rows = compare_rows(connection, pair, before, after, absent)
    rekeyed = rekeyed_rows(connection, pair) if rows.added and rows.removed else 0
    if rekeyed * 2 >= rows.removed > 0:
        return _without_rows(pair, rows.before, rows.after, rekeyed_sentence(pair, rekeyed, rows.removed))
    return TableDifference(
        pair, rows.before, rows.after, rows, compare_columns(connection, pair, absent), rekeyed, None
    )


def _without_rows(pair: TablePair, before: int, after: int, reason: str) -> TableDifference:
    return TableDifference(pair, before, after, None, (), 0, reason)


def _source_changes(before: Manifest, after: Manifest) -> Iterator[SourceChange]:
    earlier, later = ({source.source: source for source in manifest.sources} for manifest in (before, after))
    for name in sorted(earlier.keys() | later.keys()):
        was, is_now = earlier.get(name), later.get(name)
        if was is None or is_now is None or was.digest != is_now.digest:
            yield SourceChange(name, was and was.version, is_now and is_now.version)


def _only_in(manifest: Manifest, other: Manifest) -> tuple[AbsentPart, ...]:
    """Return what a snapshot lacks and the other has: the reasons name versions, so that they do not count."""
    there = {(part.table, part.column, part.source, part.dataset, part.is_empty) for part in other.absent}
    return tuple(
        part
        for part in manifest.absent
        if (part.table, part.column, part.source, part.dataset, part.is_empty) not in there
    )
