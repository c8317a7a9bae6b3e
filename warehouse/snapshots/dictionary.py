"""The data dictionary of a snapshot: find a table by its name, by words, or by the name that IDC's index has for it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.errors import UsageError
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry


@dataclass(frozen=True)
class Match:
    """A table, or one of its columns, whose name or description has what was searched for."""

    table: str
    column: str | None
    description: str


def data_dictionary(snapshot: Snapshot) -> tuple[TableEntry, ...]:
    """Return the tables of a snapshot with their grain, keys and described columns, by name."""
    return tuple(sorted(snapshot.manifest.tables, key=lambda table: table.name))


def table_named(snapshot: Snapshot, name: str) -> TableEntry:
    """Return one table of a snapshot.

    Raises:
        UsageError: there is none of this name; it says which one is meant, where that can be told.
    """
    entries = {entry.name: entry for entry in snapshot.manifest.tables}
    if name.lower() in entries:
        return entries[name.lower()]
    similar = " or ".join(difflib.get_close_matches(name.lower(), sorted(entries)))
    advice = where_idc_rows_are(name) or (f"Did you mean {similar}?" if similar else "`icw tables` lists them.")
    raise UsageError(f"There is no table {name!r} in snapshot {snapshot.id}. {advice}")


def where_idc_rows_are(name: str) -> str | None:
    """Return the sentence that tells users of idc-index where the rows of one of its tables are."""
    # Which reads YAML: only who asks for a table that is not there waits for it.
    from warehouse.contracts import load_contract

    # The client calls idc_index also index.
    artifact = "idc_index" if name.lower() == "index" else name.lower()
    dataset = load_contract("idc").datasets.get(artifact)
    if dataset is None or dataset.table is None:
        return None
    table = dataset.table
    return f"The rows of IDC's {name.lower()} are in {table}: `icw tables {table}` shows its columns."


def search(entries: Sequence[TableEntry], text: str) -> list[Match]:
    """Return the tables and columns in whose name or description every word of the text occurs, in any case.

    Raises:
        UsageError: the text has no word.
    """
    words = text.lower().split()
    if not words:
        raise UsageError('Name what to search for: icw tables --search "body part".')
    things = (
        match
        for entry in entries
        for match in (
            Match(entry.name, None, entry.description),
            *(Match(entry.name, column.name, column.description) for column in entry.columns),
        )
    )
    return [match for match in things if all(word in _text(match) for word in words)]


def _text(match: Match) -> str:
    # The words of a name count as words: body_part is found by "body part".
    name = match.column or match.table
    return f"{name} {name.replace('_', ' ')} {match.description}".lower()
