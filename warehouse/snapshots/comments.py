"""What a table and its columns say of themselves where it is loaded: description, grain, references, what is absent."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.snapshots.manifest import AbsentPart, ColumnEntry, TableEntry


def table_comment(table: TableEntry, absent: Sequence[AbsentPart]) -> str:
    """Return the description and grain of a table, with what it lacks of `absent`, which is that of its snapshot."""
    lacking = [f"Absent: {part}" for part in absent if part.table == table.name and part.column is None]
    return " ".join((f"{table.description} Grain: {table.grain}.", *lacking))


def column_comment(table: TableEntry, column: ColumnEntry, absent: Sequence[AbsentPart]) -> str:
    """Return the description of a column and what it refers to, with why it is null where `absent` says so."""
    lacking = [f"Absent: {part}" for part in absent if part.table == table.name and part.column == column.name]
    return " ".join((column_text(column.description, column.references), *lacking))


def column_text(description: str, references: str | None) -> str:
    """Return the description of a column and what it refers to."""
    return description if references is None else f"{description} -> {references}"
