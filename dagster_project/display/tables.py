"""The data dictionary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.display.notices import synthetic_notice
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.dictionary import Match
from warehouse.snapshots.manifest import TableEntry

# The kinds of tables, by the beginning of their names, in the order in which they are shown.
_KINDS = {
    "dim_": "Dimensions: what is described",
    "fct_": "Facts: one row a thing or event, as one source describes it",
    "bridge_": "Bridges: which belong together where one has several",
    "xwalk_": "Crosswalks: the same thing in several systems",
    "rec_": "Reconciliation: where two systems differ, and why",
    "rpt_": "Reports: the comparison of the platforms, computed",
    "mart_": "Marts: the metrics, computed by what they are mostly asked by",
    "meta_": "About the tables themselves",
    "": "Others",
}


def table_list(console: Console, snapshot: Snapshot, entries: Sequence[TableEntry]) -> None:
    """Show the tables of a snapshot by kind, each with the first sentence of its description."""
    table = Table(show_edge=False, pad_edge=False, title=f"Tables of {snapshot.id}", title_justify="left")
    table.add_column("table", no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column("what")
    for beginning, kind in _KINDS.items():
        chosen = [entry for entry in entries if _beginning(entry.name) == beginning]
        if chosen:
            table.add_section()
            table.add_row("", "", f"[bold]{kind}[/]")
        for entry in chosen:
            rows = f"{entry.rows:,}" if entry.rows else "[dim]empty[/]"
            table.add_row(entry.name, rows, escape(_first_sentence(entry.description)))
    console.print(table)
    console.print("`icw tables TABLE` shows the columns and the whole description.", style="dim")
    if not all(entry.rows for entry in entries):
        console.print(
            "empty: what the table is made of is not in this snapshot; `icw status --json` names the absent datasets.",
            style="dim",
        )


def column_list(console: Console, entry: TableEntry) -> None:
    """Show the columns of one table."""
    console.print(f"[bold]{entry.name}[/]: {escape(entry.description)}", highlight=False)
    console.print(f"One row is {entry.grain}; primary key {', '.join(entry.primary_key)}; {entry.rows:,} rows.")
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("column", no_wrap=True)
    table.add_column("type", no_wrap=True)
    table.add_column("what")
    for column in entry.columns:
        reference = f" [dim]-> {column.references}[/]" if column.references else ""
        table.add_row(column.name, column.type, escape(column.description) + reference)
    console.print(table)


def matches(console: Console, text: str, found: Sequence[Match]) -> None:
    """Show the tables and columns that a search has found."""
    if not found:
        console.print(f"No table and no column has {text!r} in its name or description.", markup=False, style="dim")
        return
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("table", no_wrap=True)
    table.add_column("column", no_wrap=True)
    table.add_column("what")
    for match in found:
        table.add_row(match.table, match.column or "", escape(_first_sentence(match.description)))
    console.print(table)


def documentation(console: Console, snapshot: Snapshot, page: Path) -> None:
    """Say where the documentation of a snapshot is."""
    console.print(f"Documentation of {snapshot.id}, for any browser, without a network:", highlight=False)
    console.print(str(page.resolve()), highlight=False, soft_wrap=True)
    synthetic_notice(console, snapshot)


def _beginning(table: str) -> str:
    return next(beginning for beginning in _KINDS if table.startswith(beginning))


def _first_sentence(text: str) -> str:
    found = re.match(r".*?(?<!e\.g)\.(?= |$)", text)
    return found[0] if found else text
