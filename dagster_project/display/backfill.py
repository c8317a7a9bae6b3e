"""What a backfill has to do, and what became of each release of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from warehouse.backfill import Backfilled, PastSnapshot, Plan

_DONE = {
    "landed": "landed and profiled",
    "profiled": "was landed, profiled now",
    "unchanged": "was landed and profiled",
}


def backfill_plan(console: Console, plan: Plan) -> None:
    """Say in one line what is to be fetched, how much that is at most, and how long all of it may take."""
    size = f"at most {plan.fetched_bytes / 1e6:,.0f} MB"
    if plan.of_unknown_size:
        size += f" and {plan.of_unknown_size} of unknown size"
    fetched = f"{plan.to_fetch} to fetch ({size})" if plan.to_fetch else "none to fetch"
    published = ", a snapshot of each" if plan.with_snapshots else ""
    releases = f"{len(plan.releases)} release{'' if len(plan.releases) == 1 else 's'}"
    line = f"{releases}: {fetched}, {plan.to_profile} to profile{published}; at most {_about(plan.expected_s)}."
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def backfilled(console: Console, found: Backfilled) -> None:
    """Print one line of a release."""
    if found.error is not None:
        line = f"{found.requested:<8} failed: {found.error}"
    else:
        line = (
            f"{found.version:<8} {_DONE[found.outcome]} ({found.channel}, {found.rows:,} rows, {found.seconds:.1f} s)"
        )
    if found.left_s > 0:
        line += f", {_about(found.left_s)} left"
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def past_snapshot(console: Console, found: PastSnapshot) -> None:
    """Print one line of the snapshot of a release."""
    version = found.release.version
    if found.error is not None:
        line = f"{version:<8} not published: {found.error}"
    elif found.outcome == "unchanged":
        line = f"{version:<8} was published as {found.snapshot_id}"
    else:
        line = f"{version:<8} published as {found.snapshot_id}, not put into service ({found.seconds:.1f} s)"
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def backfill_report(found: Sequence[Backfilled], published: Sequence[PastSnapshot]) -> list[dict[str, Any]]:
    """Return what `backfilled` and `past_snapshot` print, for programs."""
    snapshots = {one.release.version: one for one in published}
    return [_release_report(one, snapshots.get(one.version or "")) for one in found]


def _release_report(found: Backfilled, published: PastSnapshot | None) -> dict[str, Any]:
    return {
        "requested": found.requested,
        "version": found.version,
        "outcome": found.outcome,
        "channel": found.channel,
        "rows": found.rows,
        "seconds": found.seconds,
        "problem": None if found.error is None else str(found.error),
        "snapshot": None
        if published is None
        else {
            "outcome": published.outcome,
            "snapshot_id": published.snapshot_id,
            "seconds": published.seconds,
            "problem": None if published.error is None else str(published.error),
        },
    }


def _about(seconds: float) -> str:
    """Return a duration that is an estimate, no finer than it can be."""
    if seconds < 90:
        return f"about {max(round(seconds), 1)} s"
    return f"about {round(seconds / 60)} min"
