"""The page of the changes: what differs from the snapshot that was published before.

Manifests say which tables are the same bytes and how many rows the others have; the collections are counted in both.
Rows are compared one by one (`warehouse.comparison`) where few enough are in files that only one of the two has: a
publish must not wait for a comparison of whole releases, which `icw snapshots diff` makes.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from warehouse.comparison.difference import SnapshotDifference, compare
from warehouse.comparison.rows import RowCounts
from warehouse.comparison.schema import TablePair, TablePairs, paired
from warehouse.settings import Settings
from warehouse.site.answers import query_text
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.findings import before
from warehouse.snapshots.gaps import GapLine, gap_lines
from warehouse.sql_text import quoted, read_parquet

MOST_COMPARED_ROWS = 300_000
"""How many rows, in files that only one of two snapshots has, are compared one by one while a snapshot is published."""

_COUNTED = ("bridge_series_collection", "dim_collection")


@dataclass(frozen=True)
class SourceChange:
    """A source with the versions that the two snapshots describe; None: one of them has none of it."""

    source: str
    before: str | None
    after: str | None
    is_same_load: bool


@dataclass(frozen=True)
class TableChange:
    """A table that is not the same bytes in both. `rows` is None where rows were not compared, and `why` says why."""

    pair: TablePair
    rows: RowCounts | None
    why: str | None

    @property
    def schema(self) -> str:
        """What became of its columns; empty where they are the same."""
        pair = self.pair
        came = [f"{name} came" for name in pair.added_columns]
        went = [f"{name} went" for name in pair.removed_columns]
        types = [f"{change.column} was {change.before} and is {change.after}" for change in pair.type_changes]
        return ", ".join([*came, *went, *types])


@dataclass(frozen=True)
class CollectionChange:
    """A collection whose number of series differs; None: the snapshot has no series of it."""

    source: str
    collection: str
    before: int | None
    after: int | None

    @property
    def difference(self) -> int:
        """Series after less series before."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True)
class Changes:
    """What differs. `are_rows_compared` is false where too many rows would have to be read."""

    earlier: Snapshot
    sources: tuple[SourceChange, ...]
    pairs: TablePairs
    tables: tuple[TableChange, ...]
    identical: int
    are_rows_compared: bool
    collections: tuple[CollectionChange, ...]
    collections_sql: str
    gaps: tuple[GapLine, ...]


def changes(snapshot: Snapshot, settings: Settings | None) -> Changes | None:
    """Return what differs from the snapshot before, or None where there is none in the home.

    Raises:
        IntegrityError: a Parquet file of one of them is not as its manifest says.
    """
    earlier = before(snapshot.folder.parents[1], snapshot)
    if earlier is None:
        return None
    pairs = paired(earlier.manifest.tables, snapshot.manifest.tables)
    differing = [pair for pair in pairs.common if not pair.is_identical]
    compared = None
    if sum(map(_own_rows, differing)) <= MOST_COMPARED_ROWS:
        compared = (
            compare(earlier, snapshot)
            if settings is None
            else compare(earlier, snapshot, threads=settings.threads, memory_limit=settings.memory_limit)
        )
    return Changes(
        earlier=earlier,
        sources=_sources(earlier, snapshot),
        pairs=pairs,
        tables=tuple(_table(pair, compared) for pair in differing),
        identical=len(pairs.common) - len(differing),
        are_rows_compared=compared is not None,
        collections=_collections(earlier, snapshot),
        collections_sql=query_text("collections"),
        gaps=_moved(snapshot, earlier),
    )


def _own_rows(pair: TablePair) -> int:
    """Return how many rows of a table lie in files that only one of the snapshots has."""
    files = (*pair.before.files, *pair.after.files)
    return sum(file.rows for file in files if file.sha256 not in pair.shared)


def _table(pair: TablePair, compared: SnapshotDifference | None) -> TableChange:
    if compared is None:
        return TableChange(pair, None, None)
    found = next(table for table in compared.tables if table.name == pair.name)
    return TableChange(pair, found.rows, found.not_comparable)


def _sources(earlier: Snapshot, later: Snapshot) -> tuple[SourceChange, ...]:
    was, now = ({source.source: source for source in one.manifest.sources} for one in (earlier, later))
    return tuple(
        SourceChange(
            source=name,
            before=was[name].version if name in was else None,
            after=now[name].version if name in now else None,
            is_same_load=name in was and name in now and was[name].digest == now[name].digest,
        )
        for name in sorted(was.keys() | now.keys())
    )


def _collections(earlier: Snapshot, later: Snapshot) -> tuple[CollectionChange, ...]:
    counted = [_series_by_collection(one) for one in (earlier, later)]
    was, now = counted
    if was is None or now is None:
        return ()
    found = (
        CollectionChange(source, collection, was.get((source, collection)), now.get((source, collection)))
        for source, collection in was.keys() | now.keys()
    )
    moved = [one for one in found if one.before != one.after]
    return tuple(sorted(moved, key=lambda one: (-abs(one.difference), one.source, one.collection)))


def _series_by_collection(snapshot: Snapshot) -> dict[tuple[str, str], int] | None:
    """Count from the Parquet files: the DuckDB file of an older snapshot may have been dropped."""
    tables = [snapshot.table(name) for name in _COUNTED]
    with duckdb.connect() as connection:
        for table in tables:
            if table is None:
                return None
            connection.execute(
                f"create view {quoted(table.name)} as select * from {read_parquet(snapshot.files_of(table))}"
            )
        try:
            rows = connection.execute(query_text("collections")).fetchall()
        except duckdb.BinderException:
            return None
    return {(str(source), str(collection)): series for source, collection, series in rows}


def _moved(snapshot: Snapshot, earlier: Snapshot) -> tuple[GapLine, ...]:
    if snapshot.table("rec_gap") is None:
        return ()
    return tuple(found for found in gap_lines(snapshot, earlier) if found.moved)
