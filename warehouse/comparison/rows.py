"""The rows of one table of two snapshots, told apart by key and then by value, column by column.

Columns are compared a few at a time: such a join holds little more than the keys in memory, however wide the table.
Values are compared as they are (`is distinct from`), not by a hash: DuckDB's `hash` is the same for a null and an empty
list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from warehouse.comparison.schema import TablePair
from warehouse.comparison.workspace import (
    AFTER,
    AFTER_APART,
    BEFORE,
    BEFORE_APART,
    CELLS,
    CHANGES,
    count,
    in_schema,
    same_key,
)
from warehouse.errors import IntegrityError
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry
from warehouse.sql_text import literal, quoted

_TOGETHER = 8
"""How many columns are compared in one pass: on the series of IDC twice the CPU time of one hash over all, 500 MB."""


@dataclass(frozen=True)
class RowCounts:
    """Rows of one table, so that two sums are exact.

    `before + added - removed = after` and `removed + changed + absence_only + unchanged = before`. A row is `changed`
    where a column differs that both snapshots have. Where all such columns of a row are null in one snapshot because
    its load of that source does not have them (`Manifest.absent`), the row is counted under `absence_only`: nothing
    says that the world has changed.
    """

    before: int
    after: int
    added: int
    removed: int
    changed: int
    absence_only: int
    unchanged: int

    @property
    def differing(self) -> int:
        """Rows that are not the same in both, for whatever reason."""
        return self.added + self.removed + self.changed + self.absence_only


def column_groups(pair: TablePair) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the columns that are compared together, with the number of the group: bit n is the n-th of them."""
    for start in range(0, len(pair.compared), _TOGETHER):
        yield start // _TOGETHER, pair.compared[start : start + _TOGETHER]


def compare_rows(
    connection: duckdb.DuckDBPyConnection,
    pair: TablePair,
    before: Snapshot,
    after: Snapshot,
    absent: Mapping[str, frozenset[str]],
) -> RowCounts:
    """Compare the rows of one table by its key; fill `changes` and `cells` of the workspace.

    Parts that are the same file in both by the manifests are not read, as tables that are the same file are not.

    Args:
        connection: the workspace.
        pair: the table.
        before: the earlier snapshot.
        after: the later one.
        absent: the columns of the table that only one of the snapshots lacks, with the sources whose rows have null
        there.

    Raises:
        IntegrityError: the counts do not add up to those of the manifests: a file is not the one that was published.
    """
    key = ", ".join(map(quoted, pair.key))
    left, right = in_schema(BEFORE_APART, pair.name), in_schema(AFTER_APART, pair.name)
    shared = sum(file.rows for file in pair.after.files if file.sha256 in pair.shared)
    changes, cells = in_schema(CHANGES, pair.name), in_schema(CELLS, pair.name)
    on = same_key(pair.key, "a", "b")
    key_of_a = ", ".join(f"a.{quoted(column)}" for column in pair.key)
    connection.execute(
        f"create table {changes} as select {key}, 'removed' as _kind from {left} a anti join {right} b on {on} "
        f"union all select {key}, 'added' from {right} a anti join {left} b on {on}"
    )
    common = count(connection, f"{left} a join {right} b on {on}") + shared
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
    connection.execute(f"insert into {changes} {_changed_rows(pair, absent)}")
    kinds = dict(connection.execute(f"select _kind, count(*) from {changes} group by _kind").fetchall())
    counts = RowCounts(
        before=count(connection, left) + shared,
        after=count(connection, right) + shared,
        added=kinds.get("added", 0),
        removed=kinds.get("removed", 0),
        changed=kinds.get("changed", 0),
        absence_only=kinds.get("absence", 0),
        unchanged=common - kinds.get("changed", 0) - kinds.get("absence", 0),
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
    return RowCounts(before=rows, after=rows, added=0, removed=0, changed=0, absence_only=0, unchanged=rows)


def _changed_rows(pair: TablePair, absent: Mapping[str, frozenset[str]]) -> str:
    """Return the query of the keys with a changed column: `changed`, or `absence` where absent columns are all."""
    key = ", ".join(f"cell.{quoted(column)}" for column in pair.key)
    cells, right = in_schema(CELLS, pair.name), in_schema(AFTER_APART, pair.name)
    lacking = [
        (number, 1 << place, sources)
        for number, columns in column_groups(pair)
        for place, column in enumerate(columns)
        if (sources := absent.get(column))
    ]
    if not lacking:
        return f"select distinct {key}, 'changed' from {cells} cell"
    # One table holds rows of several sources, and a column that one source lacks may be there for another.
    has_source = any(column.name == "source_id" for column in pair.after.columns)
    cases = [
        f"when _group = {number} and _differing & {bit} <> 0"
        + (f" and source_id in ({', '.join(map(literal, sorted(sources)))})" if has_source else "")
        for number, bit, sources in lacking
    ]
    explained = " + ".join(
        f"case {case} then {bit} else 0 end" for case, (_, bit, _) in zip(cases, lacking, strict=True)
    )
    source = (
        f"join (select {', '.join(map(quoted, pair.key))}, source_id from {right}) rows_after "
        f"on {same_key(pair.key, 'cell', 'rows_after')}"
        if has_source and "source_id" not in pair.key
        else ""
    )
    return (
        f"select {key}, case when bool_and(_differing = {explained}) then 'absence' else 'changed' end "
        f"from {cells} cell {source} group by {key}"
    )


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
