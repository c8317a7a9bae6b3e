"""What came of building a snapshot again: the same bytes, the same rows, or what differs first."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from warehouse.snapshots.rebuild import FirstDifference, Rebuild, RowDifferences, TableComparison


def rebuild(console: Console, found: Rebuild) -> None:
    """Say how the rebuilt tables compare with those of the snapshot, and explain each that differs."""

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    for sentence in found.code:
        say(sentence)
    for release in found.fetched:
        say(f"Fetched again, with the same digests: {release}.")
    if not found.same_input:
        say("The digest of the input is another one: code, engines or what was read are not the same as then.")
    for table in found.tables:
        if table.found not in ("bytes", "rows"):
            for line in _explained(table):
                say(line)
    say(_summary(found))


def rebuild_report(found: Rebuild) -> dict[str, Any]:
    """Return what `rebuild` says, for programs: each table with what was found, and why."""
    return {
        "snapshot_id": found.snapshot_id,
        "outcome": found.outcome,
        "code_differences": list(found.code),
        "same_input": found.same_input,
        "fetched": list(found.fetched),
        "tables": [dataclasses.asdict(table) for table in found.tables],
    }


def _summary(found: Rebuild) -> str:
    count = len(found.tables)
    alike = sum(table.found in ("bytes", "rows") for table in found.tables)
    other_bytes = sum(table.found == "rows" for table in found.tables)
    if found.outcome == "bytes":
        return f"{found.snapshot_id} was built again: all {count} tables are the same, byte for byte."
    if found.outcome == "rows":
        return (
            f"{found.snapshot_id} was built again: all {count} tables have the same rows; the files of {other_bytes} "
            "of them have other bytes (compression, encoding or another version of the engine)."
        )
    return f"{found.snapshot_id} was built again: {count - alike} of {count} tables differ."


def _explained(table: TableComparison) -> list[str]:
    if table.found in ("gone", "new"):
        who = "the rebuild" if table.found == "gone" else "the snapshot"
        return [f"{table.table}: {who} has no such table."]
    lines = [f"{table.table}: {table.rows_published:,} rows published, {table.rows_rebuilt:,} rebuilt."]
    lines += [f"  {sentence[0].upper()}{sentence[1:]}." for sentence in table.columns]
    if table.unexplained is not None:
        lines.append(f"  {table.unexplained}.")
    if table.rows is not None:
        lines += _rows(table.rows)
    return lines


def _rows(rows: RowDifferences) -> list[str]:
    if rows.first is None:
        return ["  Each row has its like by key and value: the order or the columns are what differs."]
    counts = (
        f"  {rows.only_published:,} rows only in the snapshot, {rows.only_rebuilt:,} only in the rebuild, "
        f"{rows.changed:,} with other values."
    )
    return [counts, f"  First: {_first(rows.first)}."]


def _first(first: FirstDifference) -> str:
    key = ", ".join(f"{column} = {value}" for column, value in first.key.items())
    if first.present != "both":
        return f"the row {key} is only in the {'snapshot' if first.present == 'published' else 'rebuild'}"
    return f"in the row {key}, {first.column} was {_value(first.published)} and is {_value(first.rebuilt)}"


def _value(text: str | None) -> str:
    return "null" if text is None else repr(text)
