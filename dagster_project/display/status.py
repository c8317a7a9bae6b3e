"""What is in service and what became of the last refresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from dagster_project.display.notices import (
    audit_in_words,
    failure_sentence,
    synthetic_notice,
    time_since,
    unreadable_notice,
)
from warehouse.quality.verdicts import failed_errors
from warehouse.snapshots.catalog import Snapshot, Unreadable

if TYPE_CHECKING:
    from warehouse.quality.record import LastAudit
    from warehouse.run_record import RunRecord
    from warehouse.snapshots.manifest import SourceFailure


_ABSENT_NAMED = 2


def status(
    console: Console,
    snapshot: Snapshot | None,
    run: RunRecord | None,
    unreadable: Sequence[Unreadable],
    blocked: LastAudit | None = None,
) -> None:
    """Show what is current, how old each source is, how the audit ended and what became of the last refresh.

    Where all is well these are ten lines; `icw quality` and `icw gaps` say what was found.
    """
    unreadable_notice(console, unreadable)
    if snapshot is None:
        console.print("No snapshot is in service.")
    else:
        _snapshot(console, snapshot)
    if blocked is not None:
        console.print(
            f"The audit of {blocked.ended_at:%Y-%m-%d %H:%M} UTC let nothing be published: {len(blocked.verdicts):,} "
            f"expectations, {len(failed_errors(blocked.verdicts)):,} errors (`icw quality`)",
            style="red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if run is not None:
        told = () if snapshot is None or run.snapshot_id != snapshot.id else snapshot.manifest.failures
        _last_run(console, run, told)


def _snapshot(console: Console, snapshot: Snapshot) -> None:
    manifest = snapshot.manifest
    age = time_since(manifest.created_at)
    console.print(f"Current snapshot: [bold]{snapshot.id}[/], published {age} ago", highlight=False)
    console.print(f"Folder: {snapshot.folder}", highlight=False, soft_wrap=True)
    synthetic_notice(console, snapshot)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("source", "version", "channel", "fetched", "datasets", "absent"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis" if heading == "absent" else "fold")
    for source in manifest.sources:
        absent = [entry.dataset for entry in source.datasets if entry.status == "absent"]
        table.add_row(
            source.source,
            source.version,
            source.channel,
            f"{time_since(source.fetched_at)} ago",
            str(len(source.datasets) - len(absent)),
            _named(absent),
        )
    console.print(table)
    if manifest.earlier:
        read = ", ".join(f"{source.source} {source.version}" for source in manifest.earlier)
        console.print(f"Read as evidence of what changed: {read}", markup=False, highlight=False, soft_wrap=True)
    for failure in manifest.failures:
        console.print(
            f"Not refreshed for it: {failure_sentence(failure)}",
            style="yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    audited = f"Audit: {audit_in_words(manifest)} (`icw quality`, `icw gaps`)"
    console.print(audited, highlight=False, soft_wrap=True)


def _named(absent: Sequence[str]) -> str:
    """Return how many datasets are absent, and the first of them."""
    if len(absent) <= _ABSENT_NAMED + 1:
        return ", ".join(absent)
    return f"{len(absent)}: {', '.join(absent[:_ABSENT_NAMED])}, ... (--json)"


def _last_run(console: Console, run: RunRecord, told: Sequence[SourceFailure] = ()) -> None:
    """Show what became of the last refresh; of one that goes on, also what became of the one before.

    `told` are failures that were shown already.
    """
    moment = run.finished_at or run.started_at
    facts = [] if moment is None else [f"{'' if run.finished_at else 'started '}{time_since(moment)} ago"]
    facts += [run.stage] if run.stage and not run.is_good else []
    code = "" if run.exit_code is None else f" (exit code {run.exit_code})"
    good = run.exit_code == 0 or run.outcome == "running"
    ended = f"Last refresh: {', '.join([run.outcome, *facts])}{code}"
    console.print(ended, highlight=False, soft_wrap=True, markup=False, style="default" if good else "yellow")
    for failure in run.failures:
        if failure in told:
            continue
        console.print(f"  {failure_sentence(failure)}", style="yellow", markup=False, highlight=False)
    for sentence in run.housekeeping:
        console.print(f"  Housekeeping: {sentence}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if run.not_pushed is not None:
        console.print(f"  {run.not_pushed}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if run.without_site is not None:
        said = f"  It has no site: {run.without_site}"
        console.print(said, style="yellow", markup=False, highlight=False, soft_wrap=True)
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
