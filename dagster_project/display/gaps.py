"""The gaps between two systems, one line a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.display.notices import synthetic_notice

if TYPE_CHECKING:
    from warehouse.snapshots.catalog import Snapshot
    from warehouse.snapshots.gaps import GapLine

_WHY = {
    "not landed": "not compared: a side is not landed",
    "not comparable": "not comparable: one side is made up, the other real",
}


def gaps(
    console: Console, snapshot: Snapshot, earlier: Snapshot | None, lines: Sequence[GapLine], *, with_causes: bool
) -> None:
    """Show every comparison: what both sides have, the gap, how much of it is explained, and how it moved."""
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("comparison", "left", "right", "gap", "%", "explained", "unexplained", "moved"):
        table.add_column(heading, justify="left" if heading == "comparison" else "right", no_wrap=True)
    for line in lines:
        table.add_row(escape(line.comparison), _number(line.left), _number(line.right), *_figures(line))
        if with_causes:
            for cause in line.causes:
                explained = "" if cause.is_explained else ", unexplained"
                table.add_row(f"[dim]  {cause.records:,} {escape(cause.cause)} ({cause.side}{explained})[/]")
    console.print(table)
    for state, why in _WHY.items():
        found = [line for line in lines if line.state == state]
        if found:
            console.print(f"{len(found)} {why}.", style="dim", highlight=False)
    since = "there is no snapshot before" if earlier is None else f"since {earlier.id}"
    console.print(f"Snapshot {snapshot.id}; moved: {since}.", style="dim", highlight=False)
    synthetic_notice(console, snapshot)


def gaps_report(snapshot: Snapshot, earlier: Snapshot | None, lines: Sequence[GapLine]) -> dict[str, Any]:
    """Return what `gaps` shows, with the causes, for programs."""
    return {
        "snapshot_id": snapshot.id,
        "synthetic": snapshot.manifest.synthetic,
        "compared_with": None if earlier is None else earlier.id,
        "comparisons": [
            asdict(line)
            | {
                "percent": None if line.percent is None else float(line.percent),
                "why": _WHY.get(line.state),
            }
            for line in lines
        ],
    }


def _figures(line: GapLine) -> tuple[str, str, str, str, str]:
    if line.state != "compared":
        return f"[dim]{line.state}[/]", "", "", "", ""
    percent = "" if line.percent is None else f"{line.percent:+.2f}"
    unexplained = _number(line.unexplained)
    return (
        _signed(line.gap),
        percent,
        _number(line.explained),
        f"[yellow]{unexplained}[/]" if line.unexplained else unexplained,
        "" if line.moved is None else _signed(line.moved),
    )


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _signed(count: int | None) -> str:
    return "" if count is None else f"{count:+,}" if count else "0"
