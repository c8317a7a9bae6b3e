"""What a query reads of what a snapshot lacks: absent, which is not zero. DuckDB's plan says so, not the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from warehouse.errors import UsageError
from warehouse.query_plan import plan_as_written, scans
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.empty_tables import empty_tables
from warehouse.snapshots.manifest import AbsentPart, TableEntry
from warehouse.snapshots.parameters import bound


def absent_parts_read(
    snapshots: Mapping[str, Snapshot], query: str, parameters: Mapping[str, Any] | None = None
) -> tuple[AbsentPart, ...]:
    """Return what a query reads of what snapshots lack; nothing where DuckDB cannot plan it (it cannot answer it).

    DuckDB plans the query over empty tables like those of the snapshots. A count reads the table, not its columns;
    DESCRIBE and EXPLAIN read no rows.

    Args:
        snapshots: the snapshots of the query by the names that they have in it; the first needs no name.
        query: one statement.
        parameters: the values that are stated for its `$name`s.
    """
    if not any(snapshot.manifest.absent for snapshot in snapshots.values()):
        return ()
    # Most queries need few tables. The text only says which to make first: a name that it makes up needs all of them.
    tables = {name: snapshot.manifest.tables for name, snapshot in snapshots.items()}
    named = {name: [table for table in of if table.name in query.lower()] for name, of in tables.items()}
    read = _tables_read(named, query, parameters)
    if read is None:
        read = _tables_read(tables, query, parameters) or {}
    return tuple(
        part
        for name, snapshot in snapshots.items()
        for part in snapshot.manifest.absent
        if (name, part.table) in read and (part.column is None or part.column in read[name, part.table])
    )


def sentences(parts: Iterable[AbsentPart]) -> list[str]:
    """Return the sentences for a person: one for the rows of a table, one for its columns of a source."""
    together: dict[tuple[str, str], list[AbsentPart]] = {}
    for part in parts:
        group = (part.table, "" if part.column is None else part.source)
        together.setdefault(group, []).append(part)
    return [_sentence(group) for group in together.values()]


def _tables_read(
    tables: Mapping[str, Iterable[TableEntry]], query: str, parameters: Mapping[str, Any] | None
) -> dict[tuple[str, str], frozenset[str]] | None:
    """Return the columns that a query reads of each table of each snapshot; None where these do not answer it."""
    read: dict[tuple[str, str], frozenset[str]] = {}
    with empty_tables(tables) as connection:
        plan_as_written(connection)
        try:
            (statement,) = connection.extract_statements(query)
            values = bound(parameters or {}, sorted(statement.named_parameters))
            for table, columns in scans(connection, query, values):
                # DuckDB quotes names that are words of SQL; none here has a dot or a quote in it.
                database, _, name = table.replace('"', "").split(".")
                key = database, name
                read[key] = read.get(key, frozenset()) | columns
        except (duckdb.Error, ValueError, UsageError):
            return None
    return read


def _sentence(group: Sequence[AbsentPart]) -> str:
    first = group[0]
    reasons = "; ".join(_reasons(group))
    if first.column is not None:
        columns = ", ".join(part.column for part in group if part.column is not None)
        return f"{first.table} has only nulls for {first.source} in {columns}: {reasons}."
    if first.is_empty:
        return f"{first.table} is empty: {reasons}."
    return f"{first.table} lacks what is made of {', '.join(dict.fromkeys(part.made_of for part in group))}: {reasons}."


def _reasons(group: Iterable[AbsentPart]) -> list[str]:
    """Return the reasons, each once; one that holds of several datasets names them all."""
    name_of_dataset = "\0"
    datasets: dict[str, dict[str, None]] = {}
    for part in group:
        wording = part.reason if part.dataset is None else part.reason.replace(part.dataset, name_of_dataset)
        datasets.setdefault(wording, {})[part.dataset or ""] = None
    return [wording.replace(name_of_dataset, ", ".join(names)) for wording, names in datasets.items()]
