"""Incidents: a finding that fails from one audit to the next is one incident, opened once and closed once.

They are kept in `quality/incidents.json` of a warehouse home, which each audit brings up to date, whether it ends in a
publish or not. Only what was judged can close: a source that was not audited, a stage that was not reached and a suite
that could not run leave their incidents as they are. What fails again later is another incident.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from warehouse.errors import IntegrityError
from warehouse.files import write_atomically, writing_to
from warehouse.quality.verdicts import COULD_RUN, Severity, Verdict

log = logging.getLogger("icw.quality")

_MOST_CLOSED = 5_000
"""How many closed incidents are kept, the last ones; the snapshots keep what was found in each of them."""


class Incident(BaseModel):
    """One finding from the audit that first saw it fail to the last one that did (UTC).

    `finding` is its id, `judged` the source of the release that was judged, or `star`. `closed` is when an audit
    found it passing. `affected` is the number of records at the last audit that saw it, `sentence` what was said then.
    `told_opened` and `told_closed`: whether its alert has gone out. One that is `acknowledged` is not told.
    """

    model_config = ConfigDict(frozen=True)

    finding: str
    suite: str
    expectation: str
    subject: str
    judged: str
    severity: Severity
    sentence: str
    affected: int | None = None
    first: datetime
    last: datetime
    closed: datetime | None = None
    synthetic: bool = False
    acknowledged: bool = False
    told_opened: bool = False
    told_closed: bool = False


_INCIDENTS = TypeAdapter(list[Incident])


def read_incidents(home: Path) -> list[Incident]:
    """Return the incidents of a home, the first opened first; none, where no audit has kept any.

    Raises:
        IntegrityError: the file cannot be read.
    """
    path = _path(home)
    try:
        return _INCIDENTS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise IntegrityError(
            f"The incidents in {path} cannot be read ({str(error).splitlines()[0]}). Restore the file, or remove it: "
            "then everything that fails counts as new."
        ) from None


def keep_incidents(home: Path, verdicts: Sequence[Verdict], moment: datetime, *, synthetic: bool) -> list[Verdict]:
    """Bring the incidents of a home up to date after an audit, and return its verdicts with when each was opened.

    The caller holds the refresh lock. `synthetic`: the audit was of made-up data, whose incidents are not those of real
    data: what the other kind has left open is over.

    A file that cannot be read is set aside.

    Raises:
        StorageError: the home cannot be written.
    """
    try:
        before = read_incidents(home)
    except IntegrityError as error:
        # No reason to publish nothing: what still fails counts as opened now.
        log.error("%s It is set aside.", error, extra={"event": "damaged"})
        with writing_to(_path(home)):
            os.replace(_path(home), _path(home).with_suffix(".damaged.json"))
        before = []
    after = updated(before, verdicts, moment, synthetic=synthetic)
    if after != before:
        write_incidents(home, after)
    opened = {incident.finding: incident.first for incident in after if incident.closed is None}
    return [
        verdict
        if verdict.passed
        else verdict.model_copy(
            update={
                "findings": tuple(
                    finding if finding.passed else replace(finding, since=opened.get(finding.id))
                    for finding in verdict.findings
                )
            }
        )
        for verdict in verdicts
    ]


def updated(
    before: Iterable[Incident], verdicts: Sequence[Verdict], moment: datetime, *, synthetic: bool
) -> list[Incident]:
    """Return the incidents after an audit at this moment: what fails is open, what was judged and holds is closed."""
    failing = {finding.id: (verdict, finding) for verdict in verdicts for finding in verdict.failing}
    crashed = {(verdict.suite, judged_of(verdict)) for verdict in verdicts if verdict.expectation == COULD_RUN}
    judged = {(verdict.suite, judged_of(verdict)) for verdict in verdicts} - crashed
    after: list[Incident] = []
    seen: set[str] = set()
    for incident in before:
        if incident.closed is not None:
            after.append(incident)
        elif incident.synthetic != synthetic:
            after.append(incident.model_copy(update={"closed": moment, "told_closed": True}))
        elif incident.finding in failing:
            seen.add(incident.finding)
            verdict, finding = failing[incident.finding]
            is_accepted = finding.acknowledged is not None
            now_known = {
                "last": moment,
                "severity": verdict.severity,
                "sentence": verdict.sentence(finding),
                "affected": finding.affected,
                "acknowledged": is_accepted,
                # Whoever accepts it knows of it; where it comes back, it is told again.
                "told_opened": incident.told_opened and not is_accepted,
            }
            after.append(incident.model_copy(update=now_known))
        elif (incident.suite, incident.judged) in judged:
            after.append(incident.model_copy(update={"closed": moment}))
        else:
            after.append(incident)
    after += [
        Incident(
            finding=known_as,
            suite=verdict.suite,
            expectation=verdict.expectation,
            subject=finding.subject,
            judged=judged_of(verdict),
            severity=verdict.severity,
            sentence=verdict.sentence(finding),
            affected=finding.affected,
            first=moment,
            last=moment,
            synthetic=synthetic,
            acknowledged=finding.acknowledged is not None,
        )
        for known_as, (verdict, finding) in failing.items()
        if known_as not in seen
    ]
    closed = [incident for incident in after if incident.closed is not None]
    dropped = {id(incident) for incident in closed[: max(0, len(closed) - _MOST_CLOSED)]}
    return [incident for incident in after if id(incident) not in dropped]


def write_incidents(home: Path, incidents: Sequence[Incident]) -> None:
    """Keep the incidents of a home. The caller holds the refresh lock.

    Raises:
        StorageError: the home cannot be written.
    """
    path = _path(home)
    entries = [incident.model_dump(mode="json", exclude_defaults=True) for incident in incidents]
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(entries, indent=2, ensure_ascii=False) + "\n")


def judged_of(verdict: Verdict) -> str:
    """Return what a verdict is about in all releases alike: the source of a landed release, or `star`."""
    return verdict.subject.partition(" ")[0]


def _path(home: Path) -> Path:
    return home / "quality" / "incidents.json"
