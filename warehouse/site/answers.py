"""The queries of the site and their answers. Each is a file in `queries/`; what it counts stands in its first line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from warehouse.public_text import public_text
from warehouse.snapshots.absence import absent_parts_read, sentences
from warehouse.snapshots.catalog import Snapshot

QUERIES = Path(__file__).parent / "queries"

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Answer:
    """The rows of one query. `absent` are sentences on what it reads that the snapshot does not have."""

    name: str
    sql: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    absent: tuple[str, ...] = ()

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as dictionaries by column."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    @property
    def csv(self) -> str:
        """The rows as CSV (RFC 4180) with a header; null is an empty field."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return text.getvalue()


@dataclass(frozen=True)
class Unanswered:
    """A query that a snapshot cannot answer, because it was published without a table or column: and which."""

    name: str
    sql: str
    reason: str


def query_text(name: str) -> str:
    """Return the SQL of a query of the site."""
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def ask(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, name: str) -> Answer | Unanswered:
    """Ask a snapshot one of the queries of the site; see `ask_query`."""
    return ask_query(connection, snapshot, name, query_text(name))


def ask_query(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, name: str, sql: str) -> Answer | Unanswered:
    """Ask a snapshot a query, which the answer is named for.

    Text loses control characters. A snapshot of an earlier release may lack a table or column that a query reads: that
    is no answer, and never an empty one.
    """
    try:
        found = connection.execute(sql)
        columns = tuple(str(column) for column, *_ in found.description or ())
        rows = tuple(tuple(map(_cell, row)) for row in found.fetchall())
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        return Unanswered(name, sql, str(error).partition("\n")[0])
    absent = tuple(sentences(absent_parts_read({"warehouse": snapshot}, sql)))
    return Answer(name, sql, columns, rows, absent)


def _cell(value: Any) -> Cell:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return public_text(value) if isinstance(value, str) else value
