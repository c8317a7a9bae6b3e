"""The rows of one table of two snapshots, told apart by key and then by value, column by column.

Columns are compared a few at a time: such a join holds little more than the keys in memory, however wide the table.
Values are compared as they are (`is distinct from`), not by a hash: DuckDB's `hash` is the same for a null and an empty
list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from warehouse.comparison.schema import TablePair
from warehouse.comparison.workspace import AFTER, BEFORE, CELLS, CHANGES, count, in_schema, same_key
from warehouse.errors import IntegrityError
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry
from warehouse.sql_text import quoted

_TOGETHER = 8
"""How many columns are compared in one pass: on the series of IDC twice the CPU time of one hash over all, 500 MB."""


@dataclass(frozen=True)
class RowCounts:
    """Rows of one table: `before + added - removed = after`, and `removed + changed + unchanged = before`.

    A row is `changed` where a column differs that both snapshots have.
    """

    before: int
    after: int
    added: int
    removed: int
    changed: int
    unchanged: int

    @property
    def differing(self) -> int:
        """Rows that were added, removed or changed."""
        return self.added + self.removed + self.changed


def column_groups(pair: TablePair) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the columns that are compared together, with the number of the group: bit n is the n-th of them."""
    for start in range(0, len(pair.compared), _TOGETHER):
        yield start // _TOGETHER, pair.compared[start : start + _TOGETHER]


def compare_rows(
    connection: duckdb.DuckDBPyConnection, pair: TablePair, before: Snapshot, after: Snapshot
) -> RowCounts:
    """Compare the rows of one table by its key; fill `changes` and `cells` of the workspace.

    Raises:
        IntegrityError: the counts do not add up to those of the manifests: a file is not the one that was published.
    """
    key = ", ".join(map(quoted, pair.key))
    left, right = in_schema(BEFORE, pair.name), in_schema(AFTER, pair.name)
    changes, cells = in_schema(CHANGES, pair.name), in_schema(CELLS, pair.name)
    on = same_key(pair.key, "a", "b")
    key_of_a = ", ".join(f"a.{quoted(column)}" for column in pair.key)
    connection.execute(
        f"create table {changes} as select {key}, 'removed' as _kind from {left} a anti join {right} b on {on} "
        f"union all select {key}, 'added' from {right} a anti join {left} b on {on}"
    )
    common = count(connection, f"{left} a join {right} b on {on}")
    connection.execute(
        f"create table {cells} as select {key}, 0::integer as _group, 0::integer as _differing from {changes} limit 0"
    )
    for number, columns in column_groups(pair):
        differing = [
            f"({pair.expression('a', column)} is distinct from {pair.expression('b', column)})" for column in columns
        ]
        bits = " + ".join(f"{condition}::integer * {1 << place}" for place, condition in enumerate(differing))
        connection.execute(
            f"insert into {cells} select {key_of_a}, {number}, {bits} from {left} a join {right} b on {on} "
            f"where {' or '.join(differing)}"
        )
    connection.execute(f"insert into {changes} select distinct {key}, 'changed' from {cells}")
    kinds = dict(connection.execute(f"select _kind, count(*) from {changes} group by _kind").fetchall())
    counts = RowCounts(
        before=count(connection, left),
        after=count(connection, right),
        added=kinds.get("added", 0),
        removed=kinds.get("removed", 0),
        changed=kinds.get("changed", 0),
        unchanged=common - kinds.get("changed", 0),
    )
    _require_sums(counts, common, pair, before, after)
    return counts


def counted_only(
    connection: duckdb.DuckDBPyConnection, pair: TablePair, before: Snapshot, after: Snapshot
) -> tuple[int, int]:
    """Return the rows of a table in both snapshots, counted in the files.

    Raises:
        IntegrityError: a file has another number of rows than its manifest says.
    """
    left, right = (count(connection, in_schema(schema, pair.name)) for schema in (BEFORE, AFTER))
    _require_as_stated(left, pair.before, before)
    _require_as_stated(right, pair.after, after)
    return left, right


def same_bytes(pair: TablePair) -> RowCounts:
    """Return the counts of a table that is the same file in both snapshots, without reading it."""
    rows = pair.after.rows
    return RowCounts(before=rows, after=rows, added=0, removed=0, changed=0, unchanged=rows)


def _require_sums(counts: RowCounts, common: int, pair: TablePair, before: Snapshot, after: Snapshot) -> None:
    _require_as_stated(counts.before, pair.before, before)
    _require_as_stated(counts.after, pair.after, after)
    if counts.before + counts.added - counts.removed != counts.after or counts.before - counts.removed != common:
        raise IntegrityError(
            f"The rows of {pair.name} do not add up: {counts.before} in {before.id}, {counts.added} added, "
            f"{counts.removed} removed, {common} of the same key, {counts.after} in {after.id}. Its key "
            f"({', '.join(pair.key)}) does not identify its rows in one of the files, so that one is not as it was "
            "published: `icw verify` with each of these ids says which."
        )


def _require_as_stated(rows: int, stated: TableEntry, snapshot: Snapshot) -> None:
    if rows != stated.rows:
        raise IntegrityError(
            f"The Parquet file of {stated.name} in snapshot {snapshot.id} has {rows} rows, and its manifest says "
            f"{stated.rows}: the file is not the one that was published. `icw verify {snapshot.id}` names all such "
            "files."
        )
