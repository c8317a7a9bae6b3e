"""What the audits of a home have found: of a snapshot, of the last night that was not published, and over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import duckdb

from warehouse.build import open_build
from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.errors import BuildFailed, UsageError
from warehouse.landing import Landing
from warehouse.quality.explain import Judged, connection_for
from warehouse.quality.incidents import Incident, judged_of, read_incidents
from warehouse.quality.record import LastAudit, last_audit
from warehouse.quality.verdicts import Finding, Verdict
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, refreshed
from warehouse.snapshots.databases import database_of
from warehouse.snapshots.query import Result

_NAMED = 3


@dataclass(frozen=True)
class Reported:
    """One finding of a report, with its verdict; `is_new`: the snapshot before did not have it."""

    verdict: Verdict
    finding: Finding
    is_new: bool


@dataclass(frozen=True)
class Report:
    """What the audit of a snapshot has found, and the snapshot that it is compared with (None: it is the first).

    `findings`: the new ones first, the acknowledged last, errors before warnings, then by subject. `blocked` is an
    audit after the snapshot in service that let nothing be published, with its findings beside those of the snapshot.
    `unpublished` are errors that stand in data which was left out of the snapshot because of them.
    """

    snapshot: Snapshot | None
    earlier: Snapshot | None
    findings: tuple[Reported, ...]
    blocked: LastAudit | None = None
    blocked_findings: tuple[Reported, ...] = ()
    unpublished: tuple[Incident, ...] = ()


@dataclass(frozen=True)
class Counted:
    """How many findings of a check a snapshot has, and how many records they affect."""

    snapshot: Snapshot
    findings: int
    affected: int


def report(home: Path, snapshot: Snapshot | None, *, is_in_service: bool) -> Report:
    """Return what was found in a snapshot and, for the one in service, in a later audit that has let nothing pass.

    Raises:
        IntegrityError: the incidents of the home cannot be read.
    """
    earlier = None if snapshot is None else before(home, snapshot)
    own = () if snapshot is None else snapshot.manifest.verdicts
    blocked = blocked_audit(home, snapshot) if is_in_service else None
    found = reported(own, None if earlier is None else earlier.manifest.verdicts)
    of_blocked = (
        () if blocked is None else reported(blocked.verdicts, None if snapshot is None else snapshot.manifest.verdicts)
    )
    shown = {entry.finding.id for entry in (*found, *of_blocked)}
    standing = [one for one in read_incidents(home) if one.closed is None and one.severity == "error"]
    return Report(
        snapshot=snapshot,
        earlier=earlier,
        findings=found,
        blocked=blocked,
        blocked_findings=of_blocked,
        unpublished=tuple(one for one in standing if one.finding not in shown) if is_in_service else (),
    )


def blocked_audit(home: Path, in_service: Snapshot | None) -> LastAudit | None:
    """Return the last audit, where it has let nothing be published and is newer than the snapshot in service."""
    last = last_audit(home)
    if last is None or not last.blocks:
        return None
    return last if in_service is None or last.ended_at > in_service.manifest.created_at else None


def before(home: Path, snapshot: Snapshot) -> Snapshot | None:
    """Return the snapshot that was published before this one, of real or made-up data as it is.

    None for one of a past release, which comes after nothing that a refresh has published.
    """
    if snapshot.manifest.retrospective:
        return None
    older = [
        entry
        for entry in refreshed(home)
        if (entry.manifest.created_at, entry.id) < (snapshot.manifest.created_at, snapshot.id)
        and entry.manifest.synthetic == snapshot.manifest.synthetic
    ]
    return older[-1] if older else None


def reported(verdicts: Iterable[Verdict], earlier: Sequence[Verdict] | None) -> tuple[Reported, ...]:
    """Return the findings of verdicts in the order of a report; `earlier` are the verdicts before, if there are any."""
    known = {finding.id for verdict in earlier or () for finding in failing_of(verdict)}
    # A manifest of before there were findings says which expectation failed, and no more.
    known_checks = {
        (verdict.suite, verdict.expectation) for verdict in earlier or () if not verdict.passed and not verdict.findings
    }
    found = [
        Reported(
            verdict,
            finding,
            is_new=earlier is not None
            and finding.id not in known
            and (verdict.suite, verdict.expectation) not in known_checks,
        )
        for verdict in verdicts
        for finding in failing_of(verdict)
    ]
    return tuple(sorted(found, key=_order))


def failing_of(verdict: Verdict) -> tuple[Finding, ...]:
    """Return the findings of a failed verdict; of one that was written before there were any, one for all of it."""
    if verdict.passed or verdict.findings:
        return verdict.failing
    return (Finding((judged_of(verdict), "*"), False, verdict.observed, severity=verdict.severity),)


def explained(
    settings: Settings, snapshot: Snapshot | None, known_as: str, *, is_in_service: bool
) -> tuple[Reported, Result]:
    """Return a finding and all records that it is about, from the data that was judged.

    It is looked for in the snapshot and, where that is the one in service, in a later audit that has let nothing pass.

    Raises:
        UsageError: there is no such finding, it has no query, or its data is not there any more.
        IntegrityError: the data cannot be read.
    """
    found = report(settings.home, snapshot, is_in_service=is_in_service)
    chosen, judged = _chosen(settings.home, found, known_as)
    connection = connection_for(
        chosen.finding,
        judged,
        Landing(settings.home),
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    )
    try:
        return chosen, Result(connection, connection.sql(str(chosen.finding.query)))
    except duckdb.Error as error:
        connection.close()
        raise UsageError(
            f"The query of the finding {known_as} cannot be answered: {str(error).partition(chr(10))[0]}."
        ) from None


def matching_incidents(home: Path, check: str) -> list[Incident]:
    """Return the incidents of a finding (by its id), of a suite (by its name) or of expectations (by their words).

    Raises:
        IntegrityError: the incidents cannot be read.
    """
    return [
        incident
        for incident in read_incidents(home)
        if _is_meant(check, incident.finding, incident.suite, incident.expectation, incident.subject)
    ]


def counts_over_time(home: Path, check: str) -> list[Counted]:
    """Return how much each snapshot has of what `matching_incidents` takes for this check, the oldest first.

    Raises:
        UsageError: no snapshot and no incident knows such a check.
    """
    counted: list[Counted] = []
    is_known = bool(matching_incidents(home, check))
    for snapshot in refreshed(home):
        meant: list[Finding] = []
        for verdict in snapshot.manifest.verdicts:
            is_known = is_known or _is_meant(check, "", verdict.suite, verdict.expectation, "")
            meant += [
                finding
                for finding in failing_of(verdict)
                if _is_meant(check, finding.id, verdict.suite, verdict.expectation, finding.subject)
            ]
        is_known = is_known or bool(meant)
        counted.append(Counted(snapshot, len(meant), sum(finding.affected or 0 for finding in meant)))
    if not is_known:
        raise UsageError(
            f"No audit of {home} knows {check!r}: name a finding (q-...), a suite, or words of an expectation, as "
            "`icw quality --json` has them."
        )
    return counted


def _is_meant(check: str, known_as: str, suite: str, expectation: str, subject: str) -> bool:
    words = check.lower()
    return words in (known_as, suite.lower(), subject.lower()) or (len(words) > 3 and words in expectation.lower())


def _chosen(home: Path, found: Report, known_as: str) -> tuple[Reported, Judged]:
    for entry in found.blocked_findings:
        if known_as and entry.finding.id == known_as:
            return entry, _judged_last(home)
    for entry in found.findings:
        if known_as and entry.finding.id == known_as and found.snapshot is not None:
            digests = {source.source: source.digest for source in found.snapshot.manifest.sources}
            # One that has been dropped is made again, where the finding is about a table of the star.
            about_star = entry.finding.asset[0] == STAR_SCHEMA
            database = database_of(found.snapshot) if about_star else found.snapshot.database
            return entry, Judged(database, "main", digests)
    where = "any audit" if found.snapshot is None else f"the snapshot {found.snapshot.id}"
    known = list(_ids(found))
    alike = ", ".join(get_close_matches(known_as, known, _NAMED, cutoff=0.0))
    named = f", such as {alike}" if alike else ""
    raise UsageError(
        f"There is no finding {known_as!r} in {where}; it has {len(known)}{named}. `icw quality` lists them."
    )


def _judged_last(home: Path) -> Judged:
    """Return what an audit has judged that let nothing be published: the build, if it came so far, and the choices."""
    landing = Landing(home)
    try:
        database = open_build(home).database
    except BuildFailed:
        database = None
    return Judged(database, STAR_SCHEMA, {release.source: release.digest for release in landing.selected()})


def _ids(found: Report) -> Iterator[str]:
    yield from dict.fromkeys(
        entry.finding.id for entry in (*found.blocked_findings, *found.findings) if entry.finding.id
    )


def _order(entry: Reported) -> tuple[bool, bool, bool, str, str]:
    finding = entry.finding
    return (
        finding.acknowledged is not None,
        not entry.is_new,
        finding.severity != "error",
        finding.subject,
        entry.verdict.expectation,
    )
