"""Rows of an answer as a table, or one below the other where the columns do not fit beside each other."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse.snapshots import query


def page(
    console: Console,
    found: query.Page,
    *,
    header: bool = True,
    more: str = "--rows N shows more, --output FILE writes all",
) -> None:
    """Show rows of an answer as a table, or one below the other where the names of the columns do not fit beside.

    `more` says how to see the rows that are left out.
    """
    fits = sum(len(column.name) + 3 for column in found.columns) <= console.width + 3
    if fits:
        console.print(_grid(found, header))
    elif found.rows:
        console.print(_records(found))
    if not found.rows:
        console.print("No rows.", style="dim")
    if found.more:
        console.print(f"... more than {len(found.rows):,} rows; {more}.", style="dim")


def _grid(found: query.Page, header: bool) -> Table:
    table = Table(show_edge=False, pad_edge=False, show_header=header)
    for column in found.columns:
        numeric = any(column.type.startswith(kind) for kind in ("BIGINT", "INTEGER", "HUGEINT", "DOUBLE", "DECIMAL"))
        table.add_column(escape(column.name), justify="right" if numeric else "left", overflow="fold")
    for row in found.rows:
        table.add_row(*(_cell(value, column.name) for value, column in zip(row, found.columns, strict=True)))
    return table


def _records(found: query.Page) -> Table:
    table = Table(show_edge=False, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in found.rows:
        for value, column in zip(row, found.columns, strict=True):
            table.add_row(escape(column.name), _cell(value, column.name))
        table.add_section()
    return table


def _cell(value: object, column: str) -> str:
    if value is None:
        return "[dim]null[/]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal) and not column.endswith(("_key", "year")):
        return f"{value:,}"
    return escape(str(value))
