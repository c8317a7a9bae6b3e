"""Compare the tables of a snapshot with those of another build: by bytes, else by rows, else by what differs first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.logical_digest import logical_digest_of_parquet
from warehouse.snapshots.catalog import Snapshot, table_files
from warehouse.snapshots.manifest import TableEntry
from warehouse.snapshots.table_files import wrong_file
from warehouse.sql_text import literal, quoted, read_parquet

Found = Literal["bytes", "rows", "differs", "gone", "new"]


@dataclass(frozen=True)
class FirstDifference:
    """The first row, in the order of the table, that is not the same in both, with its key by column.

    `column` is the first that differs and None where one of the tables has no such row; `published` and `rebuilt` are
    its values as text, None for null.
    """

    key: Mapping[str, str]
    present: Literal["both", "published", "rebuilt"]
    column: str | None = None
    published: str | None = None
    rebuilt: str | None = None


@dataclass(frozen=True)
class RowDifferences:
    """How many rows of a table only one side has, how many differ, and the first of all of these (None: there is none).

    Rows are matched by the primary key, and compared in the columns that both sides have with the same type.
    """

    only_published: int
    only_rebuilt: int
    changed: int
    first: FirstDifference | None


@dataclass(frozen=True)
class TableComparison:
    """What became of one table.

    `bytes`: the same Parquet files. `rows`: the same rows as other bytes. `differs`: `columns` says in sentences how
    the columns differ, and `rows` how the rows do (None where that cannot be told: `unexplained` says why). `gone`: the
    rebuild has no such table. `new`: the snapshot has none.
    """

    table: str
    found: Found
    rows_published: int | None
    rows_rebuilt: int | None
    columns: tuple[str, ...] = ()
    rows: RowDifferences | None = None
    unexplained: str | None = None


def compared(
    snapshot: Snapshot,
    rebuilt: Sequence[TableEntry],
    folder: Path,
    scratch: Path,
    *,
    threads: int = 2,
    memory_limit: str = "1GB",
) -> tuple[TableComparison, ...]:
    """Compare each table of a snapshot with the rebuilt one of its name, by name.

    Args:
        snapshot: the published one. Its manifest says what its tables were, and its files are read to explain.
        rebuilt: the tables that were built again, with both of their digests.
        folder: their Parquet files.
        scratch: where DuckDB may write what does not fit in memory.
        threads: threads of DuckDB.
        memory_limit: memory of DuckDB.
    """
    before = {table.name: table for table in snapshot.manifest.tables}
    after = {table.name: table for table in rebuilt}
    found: list[TableComparison] = []
    with duckdb.connect(config={"threads": threads, "memory_limit": memory_limit}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set temp_directory = {literal(str(scratch))}")
        for name in sorted({*before, *after}):
            published, other = before.get(name), after.get(name)
            if published is None or other is None:
                found.append(
                    TableComparison(
                        table=name,
                        found="new" if published is None else "gone",
                        rows_published=None if published is None else published.rows,
                        rows_rebuilt=None if other is None else other.rows,
                    )
                )
                continue
            found.append(_compared(connection, snapshot, published, other, table_files(folder, other)))
    return tuple(found)


def _compared(
    connection: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    published: TableEntry,
    rebuilt: TableEntry,
    others: Sequence[Path],
) -> TableComparison:
    def comparison(
        found: Found,
        columns: tuple[str, ...] = (),
        rows: RowDifferences | None = None,
        unexplained: str | None = None,
    ) -> TableComparison:
        return TableComparison(published.name, found, published.rows, rebuilt.rows, columns, rows, unexplained)

    if published.parquet_sha256 == rebuilt.parquet_sha256:
        return comparison("bytes")
    if published.logical_digest is not None and published.logical_digest == rebuilt.logical_digest:
        return comparison("rows")
    columns = _column_differences(published, rebuilt)
    if (wrong := wrong_file(snapshot, published)) is not None:
        state = "is not as it was published" if wrong.path.is_file() else "is gone"
        return comparison("differs", columns, None, f"{wrong.path} {state}: its rows cannot be compared")
    files = snapshot.files_of(published)
    if published.logical_digest is None and logical_digest_of_parquet(*files) == rebuilt.logical_digest:
        return comparison("rows")
    types = {column.name: column.type for column in rebuilt.columns}
    common = [column.name for column in published.columns if types.get(column.name) == column.type]
    if published.primary_key != rebuilt.primary_key or not set(published.primary_key) <= set(common):
        return comparison("differs", columns, None, "the primary key is another one: its rows cannot be matched")
    order = [column for column in published.order_by if column in common]
    return comparison(
        "differs", columns, _row_differences(connection, files, others, published.primary_key, common, order)
    )


def _column_differences(published: TableEntry, rebuilt: TableEntry) -> tuple[str, ...]:
    before = {column.name: column.type for column in published.columns}
    after = {column.name: column.type for column in rebuilt.columns}
    sentences = [f"the rebuild has no column {name}" for name in before if name not in after]
    sentences += [f"the snapshot has no column {name}" for name in after if name not in before]
    sentences += [
        f"{name} was {kind} and is {after[name]}" for name, kind in before.items() if after.get(name, kind) != kind
    ]
    if [name for name in before if name in after] != [name for name in after if name in before]:
        sentences.append("the columns are in another order")
    if published.order_by != rebuilt.order_by:
        sentences.append(
            f"the rows were ordered by {', '.join(published.order_by)} and are by {', '.join(rebuilt.order_by)}"
        )
    return tuple(sentences)


def _row_differences(
    connection: duckdb.DuckDBPyConnection,
    published: Sequence[Path],
    rebuilt: Sequence[Path],
    key: Sequence[str],
    common: Sequence[str],
    order: Sequence[str],
) -> RowDifferences:
    compared_columns = [column for column in common if column not in key]
    join = " and ".join(f"p.{quoted(column)} = r.{quoted(column)}" for column in key)
    sides = f"{read_parquet(published)} as p full join {read_parquet(rebuilt)} as r on {join}"
    # A primary key has no nulls.
    only_published, only_rebuilt = f"r.{quoted(key[0])} is null", f"p.{quoted(key[0])} is null"
    changed = " or ".join(f"{_differs(column)}" for column in compared_columns) or "false"
    [(only_in_published, only_in_rebuilt, changed_rows)] = connection.execute(
        f"select count(*) filter ({only_published}), count(*) filter ({only_rebuilt}), "
        f"count(*) filter (not ({only_published}) and not ({only_rebuilt}) and ({changed})) from {sides}"
    ).fetchall()
    first = None
    if only_in_published or only_in_rebuilt or changed_rows:
        ordering = ", ".join(f"coalesce(p.{quoted(column)}, r.{quoted(column)}) asc nulls last" for column in order)
        keys = ", ".join(f"coalesce(p.{quoted(column)}, r.{quoted(column)})::varchar" for column in key)
        values = "".join(
            f", {_differs(column)}, p.{quoted(column)}::varchar, r.{quoted(column)}::varchar"
            for column in compared_columns
        )
        [row] = connection.execute(
            f"select {keys}, {only_published}, {only_rebuilt}{values} from {sides} "
            f"where {only_published} or {only_rebuilt} or {changed} order by {ordering} limit 1"
        ).fetchall()
        first = _first_difference(row, key, compared_columns)
    return RowDifferences(only_in_published, only_in_rebuilt, changed_rows, first)


def _differs(column: str) -> str:
    return f"p.{quoted(column)} is distinct from r.{quoted(column)}"


def _first_difference(row: Sequence[object], key: Sequence[str], columns: Sequence[str]) -> FirstDifference:
    """Read a row: the key, on which side it is missing, and three values for each column."""
    named = {column: str(value) for column, value in zip(key, row, strict=False)}
    no_rebuilt, no_published = row[len(key)], row[len(key) + 1]
    if no_rebuilt or no_published:
        return FirstDifference(named, "published" if no_rebuilt else "rebuilt")
    values = row[len(key) + 2 :]
    for place, column in enumerate(columns):
        differs, before, after = values[3 * place : 3 * place + 3]
        if differs:
            return FirstDifference(named, "both", column, _text(before), _text(after))
    raise AssertionError("a row that differs has a column that differs")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
