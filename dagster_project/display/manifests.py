"""What a download manifest comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse.quality.broken_rows import counted_rows

if TYPE_CHECKING:
    from warehouse.downloads.choosing import Totals

_DOIS_SHOWN = 15
_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB"))


def manifest_totals(console: Console, totals: Totals, lacks: str) -> None:
    """Say how much a manifest lists, under which licences, and what it does not list."""
    instances = f"instances: {totals.instances:,}, " if totals.instances else ""
    console.print(f"{totals.kind}: {totals.records:,}, {instances}size: {size_in_words(totals.bytes)}", highlight=False)
    table = Table(show_edge=False)
    for heading in ("licence", "commercial use"):
        table.add_column(heading)
    for heading in (totals.kind, "size"):
        table.add_column(heading, justify="right")
    table.add_column("note")
    uses = {True: "allowed", False: "not allowed", None: "not known"}
    for entry in totals.licenses:
        name = escape(entry.license or entry.license_id or "not stated")
        use = uses[entry.commercial_use_allowed]
        table.add_row(name, use, f"{entry.records:,}", size_in_words(entry.bytes), escape(entry.note or ""))
    console.print(table)
    console.print(_collections(totals), highlight=False, soft_wrap=True)
    if totals.without_size:
        console.print(f"The size of {totals.without_size:,} of them is not known.", highlight=False)
    not_listed = []
    if totals.missing:
        not_listed.append(f"{totals.missing:,} of the {totals.chosen:,} different {totals.key} {lacks}")
    if totals.rows_without_key:
        not_listed.append(f"{counted_rows(totals.rows_without_key)} of the query without {totals.key}")
    for what in not_listed:
        console.print(f"NOT LISTED: {what}.", style="bold yellow", highlight=False, soft_wrap=True)


def _collections(totals: Totals) -> str:
    """Return how many collections the records are in, with the DOIs to cite."""
    named = [entry for entry in totals.collections if entry.collection_id is not None]
    dois = sorted({doi for entry in totals.collections for doi in entry.dois})
    more = len(dois) - _DOIS_SHOWN
    shown = ", ".join(dois[:_DOIS_SHOWN]) + (f" and {more:,} more, which --json lists" if more > 0 else "")
    without = sum(entry.without_doi for entry in totals.collections)
    unnamed = totals.records - sum(entry.records for entry in named)
    return (
        f"collections: {len(named):,}"
        + (f", beside {unnamed:,} {totals.kind} that name none or several" if unnamed else "")
        + (f"; DOIs: {shown}" if dois else "")
        + (f"; {without:,} {totals.kind} state no DOI" if without else "")
    )


def size_in_words(size_bytes: int) -> str:
    """Return a size in its unit, of 1,000 bytes and its powers."""
    unit, name = next((unit, name) for unit, name in _UNITS if size_bytes >= unit or unit == 1000)
    return f"{size_bytes / unit:,.1f} {name}"
