"""What a home takes on the disk, what a prune removes or would remove, and why the rest is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from warehouse.snapshots.prune import PrunePlan
    from warehouse.snapshots.storage import Storage


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
    console.print(f"{'Removed' if done else 'Nothing was removed. It would be'}: {_freed(plan)}.", highlight=False)


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


def storage(console: Console, found: Storage) -> None:
    """Show bytes by kind, why each snapshot is kept, and what a prune would free."""
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("kind", "MB on disk", "MB by name"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for name, space in (*found.kinds, ("in all", found.total)):
        table.add_row(name, _megabytes(space.used), _megabytes(space.apparent), end_section=name == found.kinds[-1][0])
    console.print(table)
    console.print("A table that several snapshots share is once on the disk, under several names.", style="dim")
    if not found.snapshots:
        console.print("No snapshot has been published yet; `icw refresh` publishes one.")
        return
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("snapshot", "MB by name", "MB alone", "DuckDB file", "kept because"):
        table.add_column(heading, no_wrap=heading == "snapshot", justify="right" if "MB" in heading else "left")
    for entry in found.snapshots:
        decision = entry.decision
        table.add_row(
            decision.snapshot.id,
            _megabytes(entry.space.apparent),
            _megabytes(entry.alone),
            "kept" if decision.snapshot.has_database else "dropped",
            escape("; ".join(decision.reasons)) or "(nothing: the next prune removes it)",
        )
    console.print(table)
    if found.prune is None:
        console.print(
            "No rule says what prune keeps: set ICW_KEEP_DAILY and its like, or try `icw snapshots prune --keep-daily "
            "7 --dry-run`."
        )
    else:
        console.print(f"`icw snapshots prune --landing` would free {_freed(found.prune)}.", highlight=False)


def storage_report(found: Storage) -> dict[str, Any]:
    """Return what `storage` shows, for programs; all in bytes."""
    return {
        "kinds": [
            {"kind": name, "used_bytes": space.used, "apparent_bytes": space.apparent} for name, space in found.kinds
        ],
        "used_bytes": found.total.used,
        "apparent_bytes": found.total.apparent,
        "snapshots": [
            {
                "snapshot_id": entry.decision.snapshot.id,
                "kept_because": list(entry.decision.reasons),
                "apparent_bytes": entry.space.apparent,
                "used_bytes_alone": entry.alone,
                "has_database": entry.decision.snapshot.has_database,
            }
            for entry in found.snapshots
        ],
        "prune": None if found.prune is None else prune_report(found.prune, done=False),
    }


def _freed(plan: PrunePlan) -> str:
    return (
        f"{_counted(len(plan.removed), 'snapshot')} ({_megabytes(plan.snapshot_bytes)} MB), "
        f"{_counted(len(plan.loads), 'landed load')} ({_megabytes(plan.landing_bytes)} MB)"
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
