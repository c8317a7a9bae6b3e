"""Measurements that several suites share: rows that meet conditions, counted in one pass, and their frequent values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

VALUES_QUOTED = 5
"""How many values an example names."""


def aggregates(connection: DuckDBPyConnection, relation: str, expressions: Iterable[str]) -> dict[str, int]:
    """Evaluate aggregates (SQL) of a relation in one pass over it; each distinct expression is evaluated once."""
    distinct = list(dict.fromkeys(expressions))
    if not distinct:
        return {}
    (values,) = connection.execute(f"select {', '.join(distinct)} from {relation}").fetchall()
    return {expression: int(value or 0) for expression, value in zip(distinct, values, strict=True)}


def rows_where(condition: str) -> str:
    """Return the aggregate (SQL) that counts the rows which meet a condition.

    In DuckDB a filter of the aggregate, which says the same, takes six times as long.
    """
    return f"count(case when {condition} then 1 end)"


def distinct_hashes(key: str, condition: str) -> str:
    """Return the aggregate (SQL) of the different hashes of a key (one or more columns) in rows that meet a condition.

    There are as many as rows only where all keys differ. Hashes take less time and memory than text and structs.
    """
    return f"count(distinct case when {condition} then hash({key}) end)"


def most_frequent(connection: DuckDBPyConnection, relation: str, value: str, condition: str) -> tuple[int, str]:
    """Return how many rows of `relation` meet `condition`, and their most frequent values with their counts."""
    found = connection.execute(
        f"select cast({value} as varchar) as example, count(*) as row_count, sum(count(*)) over (), count(*) over ()"
        f" from {relation} where {condition} group by example order by row_count desc, example limit {VALUES_QUOTED}"
    ).fetchall()
    if not found:
        return 0, ""
    return int(found[0][2]), quoted_values([(example, rows) for example, rows, *_ in found], found[0][3])


def quoted_values(frequent: Sequence[tuple[str | None, int]], distinct: int) -> str:
    """Return the text that quotes the most frequent of `distinct` values, each with its number of rows."""
    examples = ", ".join(f"{'(null)' if value is None else repr(value)} x {rows}" for value, rows in frequent)
    more = distinct - len(frequent)
    return examples + (f" and {more} more values" if more > 0 else "")


def counted_rows(rows: int) -> str:
    """Return a number of rows in words: `1 row`, `2 rows`."""
    return f"{rows} {'row' if rows == 1 else 'rows'}"
