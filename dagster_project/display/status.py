"""What is in service and what became of the last refresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from dagster_project.display.notices import (
    failure_sentence,
    synthetic_notice,
    time_since,
    unreadable_notice,
    verdict_sentence,
)
from warehouse.snapshots.catalog import Snapshot, Unreadable

if TYPE_CHECKING:
    from warehouse.run_record import RunRecord


def status(
    console: Console, snapshot: Snapshot | None, run: RunRecord | None, unreadable: Sequence[Unreadable]
) -> None:
    """Show what is current, how old each source is, what the audit said and how the last refresh ended."""
    unreadable_notice(console, unreadable)
    if snapshot is None:
        console.print("No snapshot is in service.")
        if run is not None:
            _last_run(console, run)
        return
    manifest = snapshot.manifest
    age = time_since(manifest.created_at)
    console.print(f"Current snapshot: [bold]{snapshot.id}[/], published {age} ago", highlight=False)
    console.print(f"Folder: {snapshot.folder}", highlight=False, soft_wrap=True)
    synthetic_notice(console, snapshot)
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("source", "version", "channel", "fetched", "datasets", "absent"):
        table.add_column(heading, overflow="fold")
    for source in manifest.sources:
        absent = [entry.dataset for entry in source.datasets if entry.status == "absent"]
        table.add_row(
            source.source,
            source.version,
            source.channel,
            f"{time_since(source.fetched_at)} ago",
            str(len(source.datasets) - len(absent)),
            ", ".join(absent),
        )
    console.print(table)
    if manifest.earlier:
        read = ", ".join(f"{source.source} {source.version}" for source in manifest.earlier)
        console.print(f"Read as evidence of what changed: {read}", markup=False, highlight=False, soft_wrap=True)
    for failure in manifest.failures:
        console.print(
            f"Not refreshed for it: {failure_sentence(failure)}", style="yellow", markup=False, highlight=False
        )
    failed = manifest.warnings
    console.print(f"Audit: {len(manifest.verdicts)} expectations, {len(failed)} failed as warnings", highlight=False)
    for verdict in failed:
        console.print(f"  {verdict_sentence(verdict)}", markup=False, highlight=False)
    if run is not None:
        _last_run(console, run)


def _last_run(console: Console, run: RunRecord) -> None:
    """Show what became of the last refresh; of one that goes on, also what became of the one before."""
    moment = run.finished_at or run.started_at
    facts = [] if moment is None else [f"{'' if run.finished_at else 'started '}{time_since(moment)} ago"]
    facts += [run.stage] if run.stage and not run.is_good else []
    code = "" if run.exit_code is None else f" (exit code {run.exit_code})"
    good = run.exit_code == 0 or run.outcome == "running"
    ended = f"Last refresh: {', '.join([run.outcome, *facts])}{code}"
    console.print(ended, highlight=False, soft_wrap=True, markup=False, style="default" if good else "yellow")
    for failure in run.failures:
        console.print(f"  {failure_sentence(failure)}", style="yellow", markup=False, highlight=False)
    chosen = ", ".join(f"{choice.source} {choice.version}" for choice in run.choices if choice.version)
    if chosen and not run.is_good:
        console.print(f"  Chosen until then: {chosen}", markup=False, highlight=False, soft_wrap=True)
    if run.error is not None:
        console.print(f"  {run.error}", style="red", markup=False, highlight=False, soft_wrap=True)
    if run.outcome == "running" and run.previous is not None:
        console.print("Before that:", highlight=False)
        _last_run(console, run.previous)


def status_report(snapshot: Snapshot | None, run: RunRecord | None) -> dict[str, Any]:
    """Return what `status` shows, for programs."""
    last_run = None if run is None else run.model_dump(mode="json")
    if snapshot is None:
        return {"snapshot_id": None, "last_run": last_run}
    manifest = snapshot.manifest
    return {
        "snapshot_id": snapshot.id,
        "folder": str(snapshot.folder),
        "created_at": manifest.created_at.isoformat(),
        "synthetic": manifest.synthetic,
        "tables_digest": manifest.tables_digest,
        "sources": [
            {
                "source": source.source,
                "version": source.version,
                "channel": source.channel,
                "fetched_at": source.fetched_at.isoformat(),
                "age_hours": round((datetime.now(UTC) - source.fetched_at).total_seconds() / 3600, 2),
                "absent": [entry.dataset for entry in source.datasets if entry.status == "absent"],
            }
            for source in manifest.sources
        ],
        "earlier": [{"source": source.source, "version": source.version} for source in manifest.earlier],
        "lost": [lost.model_dump(mode="json") for lost in manifest.lost],
        "expectations": len(manifest.verdicts),
        "warnings": [verdict.model_dump(mode="json") for verdict in manifest.warnings],
        "failures": [failure.model_dump(mode="json") for failure in manifest.failures],
        "last_run": last_run,
    }
