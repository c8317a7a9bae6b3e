"""What a query reads of what a snapshot lacks: absent, which is not zero. DuckDB's plan says so, not the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from warehouse.query_plan import plan_as_written, scans
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import AbsentPart, TableEntry
from warehouse.sql_text import quoted


def absent_parts_read(snapshot: Snapshot, query: str) -> tuple[AbsentPart, ...]:
    """Return what a query reads of what a snapshot lacks; nothing where DuckDB cannot plan it (it cannot answer it).

    DuckDB plans the query over empty tables like those of the snapshot. A count reads the table, not its columns;
    DESCRIBE and EXPLAIN read no rows.
    """
    lacking = snapshot.manifest.absent
    if not lacking:
        return ()
    # Most queries need few tables. The text only says which to make first: a name that it makes up needs all of them.
    named = [table for table in snapshot.manifest.tables if table.name in query.lower()]
    read = _tables_read(named, query)
    if read is None:
        read = _tables_read(snapshot.manifest.tables, query) or {}
    return tuple(
        part for part in lacking if part.table in read and (part.column is None or part.column in read[part.table])
    )


def sentences(parts: Iterable[AbsentPart]) -> list[str]:
    """Return the sentences for a person: one for the rows of a table, one for its columns of a source."""
    together: dict[tuple[str, str], list[AbsentPart]] = {}
    for part in parts:
        group = (part.table, "" if part.column is None else part.source)
        together.setdefault(group, []).append(part)
    return [_sentence(group) for group in together.values()]


def _tables_read(tables: Iterable[TableEntry], query: str) -> dict[str, frozenset[str]] | None:
    """Return the columns that a query reads of each table; None where these tables do not answer it."""
    read: dict[str, frozenset[str]] = {}
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        connection.execute("attach ':memory:' as warehouse; use warehouse")
        for table in tables:
            columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in table.columns)
            connection.execute(f"create table {quoted(table.name)} ({columns})")
        plan_as_written(connection)
        try:
            for table, columns in scans(connection, query):
                name = table.rsplit(".", 1)[-1]
                read[name] = read.get(name, frozenset()) | columns
        except duckdb.Error:
            return None
    return read


def _sentence(group: Sequence[AbsentPart]) -> str:
    first = group[0]
    reasons = "; ".join(dict.fromkeys(part.reason for part in group))
    if first.column is not None:
        columns = ", ".join(part.column for part in group if part.column is not None)
        return f"{first.table} has only nulls for {first.source} in {columns}: {reasons}."
    if first.is_empty:
        return f"{first.table} is empty: {reasons}."
    return f"{first.table} lacks what is made of {', '.join(dict.fromkeys(part.made_of for part in group))}: {reasons}."
