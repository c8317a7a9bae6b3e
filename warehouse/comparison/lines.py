"""All that differs between two snapshots as one long table: a line for each row that came or went and each value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import duckdb

from warehouse.comparison.columns import changed_cells
from warehouse.comparison.difference import SnapshotDifference, TableDifference
from warehouse.comparison.workspace import AFTER_APART, BEFORE_APART, CHANGES, in_schema, same_key
from warehouse.sql_text import literal, quoted

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("kind", "table", "key", "column", "before", "after")

_BATCH_ROWS = 20_000


def lines(
    found: SnapshotDifference, connection: duckdb.DuckDBPyConnection, table: str | None = None
) -> pa.RecordBatchReader:
    """Return a reader of the lines of a comparison, or of one table of it; it needs the workspace open.

    All columns are texts. `kind` says what a line is:

    - `changed`: a value of a row that both have; `before` and `after` are DuckDB's text of it.
    - `absence`: the same, where one snapshot lacks the column for the row's source (`ColumnDifference.absent_for`).
    - `added`, `removed`: a row; `after` or `before` is the whole of it, a JSON object of such texts by column.
    - `table added`, `table removed`: its rows are not listed.
    - `column added`, `column removed`, `type changed`: `before` and `after` are types.
    - `key changed`: `before` and `after` are the key columns.
    - `not comparable`: a table whose rows are not compared; `after` says why.

    `key` is a JSON object of texts by key column, null on lines about a table. Casting the texts to the types of the
    later snapshot gives its values again. Lines are ordered by table; in it, schema first, then removed, added and
    changed rows, these by column, and by key.
    """
    import pyarrow as pa

    schema = pa.schema([pa.field(name, pa.string()) for name in COLUMNS])
    return pa.RecordBatchReader.from_batches(schema, _batches(found, connection, schema, table))


def _batches(
    found: SnapshotDifference, connection: duckdb.DuckDBPyConnection, schema: pa.Schema, only: str | None
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    about = [line for table in found.tables for line in _about(table)]
    about += [("table added", table.name, None, None, None, None) for table in found.tables_added]
    about += [("table removed", table.name, None, None, None, None) for table in found.tables_removed]
    queries = {table.name: list(_queries(table)) for table in found.tables}
    for name in sorted({line[1] for line in about} | queries.keys()):
        if only not in (None, name):
            continue
        own = [dict(zip(COLUMNS, line, strict=True)) for line in about if line[1] == name]
        if own:
            yield pa.RecordBatch.from_pylist(own, schema=schema)
        for query in queries.get(name, ()):
            for batch in connection.sql(query).to_arrow_reader(_BATCH_ROWS):
                yield pa.RecordBatch.from_arrays([column.cast(pa.string()) for column in batch.columns], schema=schema)


def _about(table: TableDifference) -> Iterator[tuple[str, str, None, str | None, str | None, str | None]]:
    """Yield the lines about the schema of a table."""
    pair = table.pair
    types = {column.name: column.type for column in (*pair.before.columns, *pair.after.columns)}
    for column in pair.added_columns:
        yield "column added", table.name, None, column, None, types[column]
    for column in pair.removed_columns:
        yield "column removed", table.name, None, column, types[column], None
    for change in pair.type_changes:
        yield "type changed", table.name, None, change.column, change.before, change.after
    if pair.before.primary_key != pair.after.primary_key:
        keys = ", ".join(pair.before.primary_key), ", ".join(pair.after.primary_key)
        yield "key changed", table.name, None, None, *keys
    if table.not_comparable is not None:
        yield "not comparable", table.name, None, None, None, table.not_comparable


def _queries(table: TableDifference) -> Iterator[str]:
    """Yield the queries of the lines about the rows of a table."""
    if table.rows is None or not table.rows.differing:
        return
    pair, name = table.pair, literal(table.name)
    changes = in_schema(CHANGES, table.name)
    for kind, schema, entry in (("removed", BEFORE_APART, pair.before), ("added", AFTER_APART, pair.after)):
        row = _json("side", [column.name for column in entry.columns])
        before, after = (row, "null") if kind == "removed" else ("null", row)
        order = ", ".join(f"side.{quoted(column)}" for column in pair.key)
        if getattr(table.rows, kind):
            yield (
                f"select '{kind}', {name}, {_json('side', pair.key)}, null::varchar, {before}::varchar, "
                f"{after}::varchar "
                f"from {in_schema(schema, table.name)} side "
                f"semi join (from {changes} where _kind = '{kind}') changed on {same_key(pair.key, 'side', 'changed')} "
                f"order by {order}"
            )
    order = ", ".join(f"cell.{quoted(column)}" for column in pair.key)
    for column in table.columns:
        # Without a column for its source, a table has one.
        of_it = f"_source in ({', '.join(map(literal, column.absent_for))})" if column.absent_for else "false"
        kind = f"case when coalesce({of_it}, true) then 'absence' else 'changed' end"
        yield (
            f"select {kind}, {name}, {_json('cell', pair.key)}, {literal(column.column)}, _before, _after "
            f"from ({changed_cells(pair, column.column)}) cell order by {order}"
        )


def _json(relation: str, columns: tuple[str, ...] | list[str]) -> str:
    """Return the expression of a JSON object of the texts of columns."""
    members = ", ".join(f"{literal(column)}, cast({relation}.{quoted(column)} as varchar)" for column in columns)
    return f"cast(json_object({members}) as varchar)"
