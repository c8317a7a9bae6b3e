"""What the audits have found: by severity and subject, what is new first, what is acknowledged last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.display.notices import synthetic_notice
from warehouse.quality.assets import owner_of

if TYPE_CHECKING:
    from warehouse.acknowledgements import AcceptedFinding
    from warehouse.quality.incidents import Incident
    from warehouse.quality.record import LastAudit
    from warehouse.snapshots.findings import Counted, Report, Reported

_SHORTENED = 240


def quality(console: Console, found: Report, stale: Sequence[AcceptedFinding]) -> None:
    """Show a report: a blocked night first, then the snapshot."""
    if found.blocked is not None:
        _blocked(console, found.blocked, found.blocked_findings)
    if found.snapshot is None:
        console.print("No snapshot is in service.")
        return
    manifest = found.snapshot.manifest
    failed = len({id(entry.verdict) for entry in found.findings})
    console.print(
        f"[bold]{found.snapshot.id}[/]: {len(manifest.verdicts)} expectations, {len(manifest.verdicts) - failed} met, "
        f"{len(found.findings)} findings",
        highlight=False,
    )
    synthetic_notice(console, found.snapshot)
    compared = "the first snapshot: nothing is new or old" if found.earlier is None else found.earlier.id
    sections = (
        (f"New since {compared}", [entry for entry in found.findings if entry.is_new and not _is_accepted(entry)]),
        ("Found", [entry for entry in found.findings if not entry.is_new and not _is_accepted(entry)]),
        ("Acknowledged", [entry for entry in found.findings if _is_accepted(entry)]),
    )
    for title, entries in sections:
        if entries:
            console.print(_table(f"{title} ({len(entries)})", entries))
    for entry in stale:
        console.print(
            f"Nothing is found any more that acknowledgements.yml accepts as {entry.name}: take the entry out.",
            style="yellow",
            markup=False,
            highlight=False,
        )
    if found.findings or found.blocked_findings:
        console.print("`icw quality explain ID` lists the records, `icw quality history ID` the nights.", style="dim")


def finding(console: Console, entry: Reported) -> None:
    """Say what one finding is, before its records."""
    style = "red" if entry.finding.severity == "error" else "yellow"
    console.print(
        f"{entry.finding.severity}: {entry.verdict.sentence(entry.finding)}",
        style=style,
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    for said in filter(None, (entry.finding.acknowledged, entry.finding.remark)):
        console.print(said, markup=False, highlight=False, soft_wrap=True)


def history(console: Console, counted: Sequence[Counted], incidents: Sequence[Incident]) -> None:
    """Show the incidents of a check, and how much of it each snapshot has."""
    if not incidents:
        console.print("No audit has kept an incident of it.")
    else:
        table = Table(show_edge=False, pad_edge=False, title="Incidents", title_justify="left")
        for heading in ("finding", "severity", "subject", "first", "last", "closed", "affected"):
            table.add_column(
                heading, justify="right" if heading == "affected" else "left", no_wrap=heading == "finding"
            )
        for incident in incidents:
            table.add_row(
                incident.finding,
                incident.severity,
                escape(incident.subject),
                _night(incident.first),
                _night(incident.last),
                _state(incident),
                "" if incident.affected is None else f"{incident.affected:,}",
            )
        console.print(table)
    table = Table(show_edge=False, pad_edge=False, title="Snapshots", title_justify="left")
    for heading in ("snapshot", "findings", "affected"):
        table.add_column(heading, justify="left" if heading == "snapshot" else "right")
    for entry in counted:
        table.add_row(entry.snapshot.id, f"{entry.findings:,}", f"{entry.affected:,}")
    console.print(table)


def quality_report(found: Report, stale: Sequence[AcceptedFinding]) -> dict[str, Any]:
    """Return what `quality` shows, for programs."""
    snapshot, blocked = found.snapshot, found.blocked
    verdicts = () if snapshot is None else snapshot.manifest.verdicts
    return {
        "snapshot_id": None if snapshot is None else snapshot.id,
        "synthetic": None if snapshot is None else snapshot.manifest.synthetic,
        "compared_with": None if found.earlier is None else found.earlier.id,
        "expectations": len(verdicts),
        "met": sum(verdict.passed for verdict in verdicts),
        "findings": _entries(found.findings),
        "blocked": None
        if blocked is None
        else {
            "stage": blocked.stage,
            "ended_at": blocked.ended_at.isoformat(),
            "findings": _entries(found.blocked_findings),
        },
        "acknowledgements_of_nothing": [entry.name for entry in stale],
    }


def history_report(counted: Sequence[Counted], incidents: Sequence[Incident]) -> dict[str, Any]:
    """Return what `history` shows, for programs."""
    return {
        "incidents": [
            incident.model_dump(mode="json", exclude={"told_opened", "told_closed"}) for incident in incidents
        ],
        "snapshots": [
            {"snapshot_id": entry.snapshot.id, "findings": entry.findings, "affected": entry.affected}
            for entry in counted
        ],
    }


def _entries(found: Iterable[Reported]) -> list[dict[str, Any]]:
    return [
        {
            "id": entry.finding.id,
            "severity": entry.finding.severity,
            "suite": entry.verdict.suite,
            "expectation": entry.verdict.expectation,
            "judged": entry.verdict.subject,
            "asset": ".".join(entry.finding.asset),
            "scope": entry.finding.scope,
            "owner": owner_of(entry.finding.asset),
            "sentence": entry.verdict.sentence(entry.finding),
            "observed": entry.finding.observed,
            "expected": entry.finding.expected,
            "affected": entry.finding.affected,
            "examples": list(entry.finding.examples),
            "query": entry.finding.query,
            "is_new": entry.is_new,
            "since": None if entry.finding.since is None else entry.finding.since.isoformat(),
            "acknowledged": entry.finding.acknowledged,
            "blocks": entry.finding.blocks,
            "remark": entry.finding.remark,
        }
        for entry in found
    ]


def _blocked(console: Console, blocked: LastAudit, found: Sequence[Reported]) -> None:
    console.print(
        f"The audit of {_night(blocked.ended_at, with_time=True)} let nothing be published "
        f"({'landed files' if blocked.stage == 'landed' else 'star'}):",
        style="bold red",
        highlight=False,
    )
    stopping = [entry for entry in found if entry.finding.blocks]
    others = len(found) - len(stopping)
    console.print(_table(f"Errors ({len(stopping)})", stopping))
    if others:
        console.print(f"and {others} findings that stop nothing (--json has them)", style="dim")
    console.print()


def _table(title: str, entries: Sequence[Reported]) -> Table:
    table = Table(show_edge=False, pad_edge=False, title=title, title_justify="left")
    table.add_column("severity", no_wrap=True)
    table.add_column("finding", no_wrap=True)
    table.add_column("of what", overflow="fold", ratio=1)
    table.add_column("what", overflow="fold", ratio=3)
    table.add_column("since", no_wrap=True)
    for entry in entries:
        found = entry.finding
        style = "red" if found.blocks else "yellow" if found.severity == "warning" else ""
        said = [f"{entry.verdict.expectation}: {_short(found.observed)}"]
        said += [found.acknowledged + _expired(entry)] if found.acknowledged else []
        said += [found.remark] if found.remark else []
        table.add_row(
            f"[{style}]{found.severity}[/]" if style else found.severity,
            found.id,
            escape(found.subject),
            escape("\n".join(said)),
            "" if found.since is None else _night(found.since),
        )
    return table


def _state(incident: Incident) -> str:
    if incident.closed is not None:
        return _night(incident.closed)
    return "acknowledged" if incident.acknowledged else "open"


def _expired(entry: Reported) -> str:
    until = entry.finding.acknowledged_until
    return " (not any more: the next audit counts it again)" if until and until < datetime.now(UTC).date() else ""


def _is_accepted(entry: Reported) -> bool:
    return entry.finding.acknowledged is not None


def _night(moment: datetime, *, with_time: bool = False) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if with_time else f"{moment:%Y-%m-%d}"


def _short(text: str) -> str:
    return text if len(text) <= _SHORTENED else text[: _SHORTENED - 3] + "..."
