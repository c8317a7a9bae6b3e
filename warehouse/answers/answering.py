"""Compute an answer into a table of its own, so that what is hashed and what is written are the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
from duckdb.sqltypes import DuckDBPyType
from pydantic import JsonValue

from warehouse.answers.digest import RowDigests, digests_of
from warehouse.errors import NotCitable, UsageError
from warehouse.snapshots.query import Result, ResultColumn, sentences

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 20_000
_TABLE = "temp.main.icw_answer"

# Types whose equal values have one form, and an order of their own.
_ORDERED = frozenset(
    {
        "bigint",
        "blob",
        "boolean",
        "date",
        "decimal",
        "double",
        "enum",
        "float",
        "hugeint",
        "integer",
        "smallint",
        "time",
    }
    | {"timestamp", "timestamp with time zone", "timestamp_ms", "timestamp_ns", "timestamp_s", "tinyint", "ubigint"}
    | {"uhugeint", "uinteger", "usmallint", "utinyint", "uuid", "varchar", "null", "list", "array", "struct", "map"}
)


@dataclass(frozen=True)
class Answer:
    """What an answer is: its columns, and the digests of its rows in canonical order."""

    columns: tuple[ResultColumn, ...]
    digests: RowDigests

    @property
    def types(self) -> tuple[str, ...]:
        """DuckDB's types of the columns."""
        return tuple(column.type for column in self.columns)


def answered(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, JsonValue],
    names: Sequence[str] | None = None,
) -> Answer:
    """Compute the answer to a SELECT and keep it in the connection for `result_of` and `rows_of`.

    Args:
        connection: a snapshot that has answered nothing yet.
        sql: one SELECT.
        parameters: the values of all of its `$name`s.
        names: what its columns are called in the digests, where that is not what the SELECT calls them.

    Raises:
        UsageError: the query is wrong, or fails on a value that it meets.
        NotCitable: a column has a type whose values have no order or no single form.
    """
    with sentences():
        connection.execute(f"create temp table icw_answer as {sql}", dict(parameters) or None)
        relation = connection.sql(f"from {_TABLE}")
    _require_ordered(relation)
    if names is not None and len(names) != len(relation.columns):
        raise UsageError(f"The query has {len(relation.columns)} columns, and {len(names)} names were given for them.")
    columns = tuple(
        ResultColumn(name=name, type=str(data_type))
        for name, data_type in zip(names or relation.columns, relation.types, strict=True)
    )
    with sentences():
        return Answer(columns=columns, digests=digests_of(rows_of(connection, [column.name for column in columns])))


def result_of(connection: duckdb.DuckDBPyConnection) -> Result:
    """Return the answer that a connection keeps, in the order in which it was asked for; it owns the connection."""
    return Result(connection, connection.sql(f"from {_TABLE}"))


def rows_of(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> pa.RecordBatchReader:
    """Return the answer that a connection keeps, in canonical order, with these names of its columns."""
    import pyarrow as pa

    reader = connection.sql(f"from {_TABLE} order by all nulls last").to_arrow_reader(_BATCH_ROWS)
    schema = pa.schema([field.with_name(name) for field, name in zip(reader.schema, names, strict=True)])
    return pa.RecordBatchReader.from_batches(schema, (batch.rename_columns(schema.names) for batch in reader))


def _require_ordered(relation: duckdb.DuckDBPyRelation) -> None:
    for name, data_type in zip(relation.columns, relation.types, strict=True):
        waiting: list[DuckDBPyType] = [data_type]
        while waiting:
            found = waiting.pop()
            kind = found.id.lower().strip('"')
            if kind not in _ORDERED:
                raise NotCitable(
                    f"The column {name} is of type {found}, whose equal values may be written in several ways. Cast it "
                    f"to VARCHAR or to a number."
                )
            if kind in ("list", "array", "struct", "map"):
                waiting += [child for _, child in found.children if isinstance(child, DuckDBPyType)]
