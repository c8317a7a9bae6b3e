"""Metrics: what there is, and the values of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.display.rows import page
from warehouse.snapshots.query import Page

if TYPE_CHECKING:
    from warehouse.metrics.model import Dimension, Metric, SemanticModel


def metric_list(console: Console, model: SemanticModel) -> None:
    """Show all metrics in a line each."""
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("metric", "unit", "per", "what"):
        table.add_column(heading, no_wrap=heading != "what")
    for entry in model.metrics:
        table.add_row(entry.name, entry.unit, ", ".join(entry.per), escape(entry.description))
    console.print(table)
    console.print("`icw metrics NAME --by modality` computes one on the snapshot in service.", style="dim")


def metric(console: Console, shown: Metric, dimensions: Sequence[Dimension], values: Page) -> None:
    """Show a metric and its values; a group without a value is shown as null."""
    console.print(f"[bold]{shown.label}[/] ({shown.unit}): {escape(shown.description)}", highlight=False)
    page(console, values, more="narrow it with --where, or --json has all")
    others = [dimension.name for dimension in dimensions if dimension.name not in shown.per]
    if others:
        console.print(f"--by: {', '.join(others)}", style="dim", highlight=False)
