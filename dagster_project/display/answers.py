"""Citations of answers: what was cited, and whether it is still the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from warehouse.answers.record import Citation
    from warehouse.answers.store import Unreadable
    from warehouse.answers.verification import Verification

_LONGEST = 60


def citation(console: Console, cited: Citation, path: Path) -> None:
    """Say where the record of a cited answer is, and how to cite it."""
    console.print(f"Cited as {cited.id}: {path}", markup=False, highlight=False, soft_wrap=True)
    console.print(cited.paragraph, markup=False, highlight=False, soft_wrap=True)


def citation_verification(console: Console, found: Verification) -> None:
    """Say that a cited answer is the same, or name each difference."""
    for sentence in found.differences:
        console.print(f"differs: {sentence}", markup=False, highlight=False, soft_wrap=True)
    if found.is_equal:
        console.print(
            f"equal: {found.citation.id} has {found.citation.result.rows:,} rows, SHA-256 "
            f"{found.citation.result.sha256}, as cited ({', '.join(found.compared)} of {', '.join(found.snapshots)}).",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if found.citation.synthetic:
        console.print("SYNTHETIC: the answer is of made-up data of the sandbox. Do not cite it.", style="bold yellow")


def citation_verification_report(found: Verification) -> dict[str, Any]:
    """Return what `citation_verification` says, for programs."""
    return {
        "id": found.citation.id,
        "equal": found.is_equal,
        "synthetic": found.citation.synthetic,
        "snapshots": list(found.snapshots),
        "compared": list(found.compared),
        "differences": list(found.differences),
    }


def citation_list(console: Console, found: Sequence[Citation], broken: Sequence[Unreadable]) -> None:
    """Show what was cited in a home, and the records that cannot be read."""
    for entry in broken:
        console.print(entry.reason, style="red", markup=False, soft_wrap=True)
    if not found:
        if not broken:
            console.print('Nothing has been cited yet; icw cite --sql "select ..." does.')
        return
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("citation", "cited (UTC)", "snapshot", "rows", "query"):
        table.add_column(heading, no_wrap=heading == "citation", justify="right" if heading == "rows" else "left")
    for entry in found:
        query = " ".join(entry.normalised_sql.split())
        table.add_row(
            entry.id,
            f"{entry.executed_at:%Y-%m-%d %H:%M}",
            entry.snapshots[0].id,
            f"{entry.result.rows:,}",
            escape(query if len(query) <= _LONGEST else f"{query[:_LONGEST]} ..."),
        )
    console.print(table)


def citation_list_report(found: Sequence[Citation], broken: Sequence[Unreadable]) -> list[dict[str, Any]]:
    """Return what `citation_list` shows, for programs."""
    unreadable = [{"path": str(entry.path), "problem": entry.reason} for entry in broken]
    return unreadable + [
        {
            "id": entry.id,
            "executed_at": entry.executed_at.isoformat(),
            "snapshots": [snapshot.id for snapshot in entry.snapshots],
            "synthetic": entry.synthetic,
            "rows": entry.result.rows,
            "result_sha256": entry.result.sha256,
            "normalised_sql": entry.normalised_sql,
        }
        for entry in found
    ]
