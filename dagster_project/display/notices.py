"""Phrases and notices that several displays share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from warehouse.errors import AbsentData
from warehouse.snapshots.catalog import Snapshot, Unreadable
from warehouse.snapshots.manifest import Manifest, SourceFailure


def synthetic_notice(console: Console, asked: Snapshot, *others: Snapshot) -> None:
    """Say so where the snapshot that is asked, or one beside it, holds made-up data."""
    made_up = [snapshot.id for snapshot in others if snapshot.manifest.synthetic]
    which = "this snapshot holds" if asked.manifest.synthetic else f"{made_up[0]} holds" if made_up else None
    if which is not None:
        console.print(f"SYNTHETIC: {which} made-up data of the sandbox. Do not cite it.", style="bold yellow")


def audit_in_words(manifest: Manifest) -> str:
    """Return how many expectations judged a snapshot, how many of them warn, and how many of these are acknowledged."""
    failed = manifest.warnings
    accepted = sum(all(finding.acknowledged for finding in verdict.failing) for verdict in failed if verdict.failing)
    acknowledged = f", {accepted} of them acknowledged" if accepted else ""
    return f"{len(manifest.verdicts)} expectations, {len(failed)} warnings{acknowledged}"


def absence_notice(
    console: Console, snapshots: Mapping[str, Snapshot], query: str, parameters: Mapping[str, Any], *, strict: bool
) -> None:
    """Say what a query reads that is absent from its snapshots, which are by the names that they have in it.

    Raises:
        AbsentData: it reads such a thing, and that is not allowed (`strict`).
    """
    if not any(snapshot.manifest.absent for snapshot in snapshots.values()):
        return
    from warehouse.snapshots.absence import absent_parts_read, sentences

    lacking = sentences(absent_parts_read(snapshots, query, parameters))
    if lacking and strict:
        raise AbsentData(f"The query reads what is absent from this snapshot, which is not zero. {' '.join(lacking)}")
    absent_parts(console, lacking)


def absent_parts(console: Console, lacking: Sequence[str]) -> None:
    """Show the sentences that say what a query reads and its snapshot lacks."""
    for sentence in lacking:
        console.print(f"ABSENT, not zero: {sentence}", style="yellow", markup=False, highlight=False, soft_wrap=True)


def time_since(moment: datetime) -> str:
    """Return how long ago a moment was, in its two largest units."""
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def failure_sentence(failure: SourceFailure) -> str:
    """Return which source could not be refreshed, which load it keeps, and why."""
    stays = f"its load {failure.version} stays" if failure.version else "it has no load"
    return f"{failure.source} ({stays}): {failure.reason}"


def unreadable_notice(console: Console, unreadable: Sequence[Unreadable]) -> None:
    """Name each folder that should be a snapshot and cannot be read."""
    for entry in unreadable:
        console.print(f"Snapshot {entry.folder.name} {entry.reason}.", style="red", markup=False, soft_wrap=True)
