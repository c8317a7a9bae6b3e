"""What a prune removes or would remove, and why the rest is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from warehouse.snapshots.prune import PrunePlan


def pruned(console: Console, plan: PrunePlan, *, done: bool) -> None:
    """Show the decision on each snapshot, and what is free now or would be."""
    if not plan.decisions:
        console.print("No snapshot has been published yet: there is nothing to remove.")
        return
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("snapshot", "", "why"):
        table.add_column(heading, no_wrap=heading == "snapshot")
    goes = "removed" if done else "would go"
    for entry in plan.decisions:
        table.add_row(entry.snapshot.id, "kept" if entry.is_kept else goes, escape("; ".join(entry.reasons)))
    console.print(table)
    freed = (
        f"{_counted(len(plan.removed), 'snapshot')} ({plan.snapshot_bytes / 1e6:,.1f} MB), "
        f"{_counted(len(plan.loads), 'landed load')} ({plan.landing_bytes / 1e6:,.1f} MB)"
    )
    console.print(f"{'Removed' if done else 'Nothing was removed. It would be'}: {freed}.", highlight=False)


def prune_report(plan: PrunePlan, *, done: bool) -> dict[str, Any]:
    """Return what `pruned` shows, for programs. Bytes are those that are free on the disk afterwards."""
    return {
        "done": done,
        "snapshots": [
            {"snapshot_id": entry.snapshot.id, "kept": entry.is_kept, "reasons": list(entry.reasons)}
            for entry in plan.decisions
        ],
        "loads": [
            {"source": release.source, "version": release.version, "digest": release.digest} for release in plan.loads
        ],
        "snapshot_bytes": plan.snapshot_bytes,
        "landing_bytes": plan.landing_bytes,
    }


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
