"""The columns of one compared table: in how many rows each has changed, and from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from warehouse.comparison.rows import column_groups
from warehouse.comparison.schema import TablePair
from warehouse.comparison.workspace import AFTER_APART, BEFORE_APART, CELLS, in_schema, same_key
from warehouse.errors import IntegrityError
from warehouse.sql_text import quoted

PAIRS = 10
"""How many pairs of values are told of a column, the most frequent first."""


@dataclass(frozen=True)
class ValueChange:
    """Rows in which a column went from one value to another; each is DuckDB's text of it, None is null."""

    before: str | None
    after: str | None
    rows: int


@dataclass(frozen=True)
class ColumnDifference:
    """A column that differs in `changed` rows of those that both snapshots have.

    `from_null` and `to_null` are counted among them. `pairs` are all different pairs of values, of which
    `most_frequent` has the first by rows, ties in the order of the texts. One of the snapshots lacks the column for the
    sources in `absent_for`: its changes from or to null say nothing about the world in rows of these.
    """

    column: str
    changed: int
    from_null: int
    to_null: int
    pairs: int
    most_frequent: tuple[ValueChange, ...]
    absent_for: tuple[str, ...] = ()


def compare_columns(
    connection: duckdb.DuckDBPyConnection, pair: TablePair, absent: Mapping[str, frozenset[str]]
) -> tuple[ColumnDifference, ...]:
    """Return the columns that changed, in the order of the table; `rows.compare_rows` has compared it before.

    `absent` are the columns that only one of the snapshots lacks, with the sources whose rows have null there.

    Raises:
        IntegrityError: the pairs of values of a column are not as many as its changed rows: a file was changed
        meanwhile.
    """
    found: list[ColumnDifference] = []
    for number, columns in column_groups(pair):
        sums = ", ".join(f"coalesce(sum((_differing >> {place}) & 1), 0)::bigint" for place in range(len(columns)))
        [counts] = connection.execute(
            f"select {sums} from {in_schema(CELLS, pair.name)} where _group = {number}"
        ).fetchall()
        found += [
            _difference(connection, pair, column, int(changed), tuple(sorted(absent.get(column, ()))))
            for column, changed in zip(columns, counts, strict=True)
            if changed
        ]
    return tuple(found)


def changed_cells(pair: TablePair, column: str) -> str:
    """Return the query of the cells of a column that changed: the key, `_source`, the texts `_before` and `_after`."""
    number, place = _place(pair, column)
    key = ", ".join(f"changed.{quoted(name)}" for name in pair.key)
    name = quoted(column)
    source = "b.source_id" if any(entry.name == "source_id" for entry in pair.after.columns) else "null"
    return (
        f"select {key}, {source} as _source, cast(a.{name} as varchar) as _before, cast(b.{name} as varchar) as _after "
        f"from {in_schema(CELLS, pair.name)} changed "
        f"join {in_schema(BEFORE_APART, pair.name)} a on {same_key(pair.key, 'changed', 'a')} "
        f"join {in_schema(AFTER_APART, pair.name)} b on {same_key(pair.key, 'changed', 'b')} "
        f"where changed._group = {number} and (changed._differing >> {place}) & 1 = 1"
    )


def _difference(
    connection: duckdb.DuckDBPyConnection, pair: TablePair, column: str, changed: int, absent_for: tuple[str, ...]
) -> ColumnDifference:
    connection.execute(
        "create or replace temp table value_changes as select _before, _after, count(*) as n "
        f"from ({changed_cells(pair, column)}) group by _before, _after"
    )
    [(rows, from_null, to_null, pairs)] = connection.execute(
        "select sum(n)::bigint, coalesce(sum(n) filter (where _before is null), 0)::bigint, "
        "coalesce(sum(n) filter (where _after is null), 0)::bigint, count(*) from value_changes"
    ).fetchall()
    if rows != changed:
        raise IntegrityError(
            f"The column {column} of {pair.name} differs in {changed} rows, and {rows} pairs of values were found "
            "in them: a file has changed while it was compared. Run the command again; `icw verify` says whether "
            "files are damaged."
        )
    most: Sequence[tuple[str | None, str | None, int]] = connection.execute(
        "select _before, _after, n from value_changes order by n desc, _before nulls first, _after nulls first "
        f"limit {PAIRS}"
    ).fetchall()
    return ColumnDifference(
        column, changed, from_null, to_null, pairs, tuple(ValueChange(*entry) for entry in most), absent_for
    )


def _place(pair: TablePair, column: str) -> tuple[int, int]:
    """Return the group in which a column is compared, and its bit there."""
    return next((number, list(columns).index(column)) for number, columns in column_groups(pair) if column in columns)
