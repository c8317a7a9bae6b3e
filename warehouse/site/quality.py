"""The page of the audit: what was found in a snapshot, the incidents of its home, and how the findings moved."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.errors import IntegrityError
from warehouse.quality.incidents import Incident, read_incidents
from warehouse.snapshots.catalog import Snapshot, refreshed
from warehouse.snapshots.findings import Reported, before, failing_of, reported

_CLOSED = 50


@dataclass(frozen=True)
class Night:
    """What the audit of one snapshot has found: findings by severity, and how many of them a person has accepted."""

    snapshot_id: str
    expectations: int
    errors: int
    warnings: int
    acknowledged: int


@dataclass(frozen=True)
class Quality:
    """The audit of a snapshot. `nights` are the snapshots of the home up to this one, the oldest first.

    `closed` are the last incidents that had ended by then. `unreadable` says why there are no incidents. `is_first`:
    there is no snapshot before it, so that nothing is known to be new.
    """

    expectations: int
    passed: int
    findings: tuple[Reported, ...]
    nights: tuple[Night, ...]
    open: tuple[Incident, ...]
    closed: tuple[Incident, ...]
    unreadable: str | None
    is_first: bool


def quality(snapshot: Snapshot) -> Quality:
    """Return what the audits of a home have found up to a snapshot. What came after it is left out."""
    home, manifest = snapshot.folder.parents[1], snapshot.manifest
    earlier = before(home, snapshot)
    known, unreadable = _incidents(snapshot)
    still_open = tuple(one for one in known if _is_open(one, snapshot))
    return Quality(
        expectations=len(manifest.verdicts),
        passed=sum(verdict.passed for verdict in manifest.verdicts),
        findings=reported(manifest.verdicts, None if earlier is None else earlier.manifest.verdicts),
        nights=tuple(map(_night, _up_to(snapshot))),
        open=still_open,
        closed=tuple(one for one in reversed(known) if one not in still_open)[:_CLOSED],
        unreadable=unreadable,
        is_first=earlier is None,
    )


def _up_to(snapshot: Snapshot) -> list[Snapshot]:
    created, kind = snapshot.manifest.created_at, snapshot.manifest.synthetic
    older = [
        one
        for one in refreshed(snapshot.folder.parents[1])
        if one.manifest.synthetic == kind and (one.manifest.created_at, one.id) < (created, snapshot.id)
    ]
    return [*older, snapshot]


def _night(snapshot: Snapshot) -> Night:
    found = [finding for verdict in snapshot.manifest.verdicts for finding in failing_of(verdict)]
    return Night(
        snapshot_id=snapshot.id,
        expectations=len(snapshot.manifest.verdicts),
        errors=sum(finding.severity == "error" for finding in found),
        warnings=sum(finding.severity == "warning" for finding in found),
        acknowledged=sum(finding.acknowledged is not None for finding in found),
    )


def _incidents(snapshot: Snapshot) -> tuple[list[Incident], str | None]:
    try:
        found = read_incidents(snapshot.folder.parents[1])
    except IntegrityError as error:
        return [], str(error)
    created, kind = snapshot.manifest.created_at, snapshot.manifest.synthetic
    return [one for one in found if one.first <= created and one.synthetic == kind], None


def _is_open(incident: Incident, snapshot: Snapshot) -> bool:
    return incident.closed is None or incident.closed > snapshot.manifest.created_at
