"""What a download manifest comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse.quality.broken_rows import counted_rows

if TYPE_CHECKING:
    from warehouse.downloads.choosing import Totals

_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB"))


def manifest_totals(console: Console, totals: Totals, lacks: str) -> None:
    """Say how much a manifest lists, under which licences, and what it does not list."""
    instances = f"instances: {totals.instances:,}, " if totals.instances else ""
    console.print(f"{totals.kind}: {totals.records:,}, {instances}size: {_size(totals.bytes)}", highlight=False)
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
        table.add_row(name, use, f"{entry.records:,}", _size(entry.bytes), escape(entry.note or ""))
    console.print(table)
    if totals.without_size:
        console.print(f"The size of {totals.without_size:,} of them is not known.", highlight=False)
    not_listed = []
    if totals.missing:
        not_listed.append(f"{totals.missing:,} of the {totals.chosen:,} different {totals.key} {lacks}")
    if totals.rows_without_key:
        not_listed.append(f"{counted_rows(totals.rows_without_key)} of the query without {totals.key}")
    for what in not_listed:
        console.print(f"NOT LISTED: {what}.", style="bold yellow", highlight=False, soft_wrap=True)


def _size(size_bytes: int) -> str:
    unit, name = next((unit, name) for unit, name in _UNITS if size_bytes >= unit or unit == 1000)
    return f"{size_bytes / unit:,.1f} {name}"
