"""What is accepted of the findings of an audit: it stays visible, stops nothing, and comes back when it grows.

Two files say so: `acknowledged.yml` beside this module, which the project ships for anomalies of the real upstreams,
and the home's own (`warehouse.acknowledgements`). An entry covers a finding as long as it is in force and the finding
affects no more records than it accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

from warehouse.acknowledgements import AcceptedFinding
from warehouse.build.versions import version_rank
from warehouse.quality.verdicts import COULD_RUN, Finding, Verdict
from warehouse.yaml_text import load_yaml

SHIPPED = Path(__file__).with_name("acknowledged.yml")

_SHIPPED_BY = "this project"

NOTHING: Mapping[str, str] = MappingProxyType({})

# The suites that judge a release beside the one before it.
_BESIDE_THE_PAST = frozenset({"stable records", "stable figures"})


@cache
def shipped(path: Path = SHIPPED) -> tuple[AcceptedFinding, ...]:
    """Return the acknowledgements that the project ships; none, where it ships none."""
    if not path.is_file():
        return ()
    entries = load_yaml(path.read_text(encoding="utf-8")) or []
    return tuple(AcceptedFinding.model_validate({"by": _SHIPPED_BY, **entry}) for entry in entries)


def acknowledge(
    verdicts: Iterable[Verdict],
    accepted: Sequence[AcceptedFinding],
    day: date,
    versions: Mapping[str, str],
    previous: Mapping[str, str] = NOTHING,
) -> list[Verdict]:
    """Mark what is accepted of failed verdicts: who accepts it, why, how much and until when.

    Args:
        verdicts: the verdicts of an audit.
        accepted: what is accepted.
        day: when the newest data under audit was fetched.
        versions: the release of each source that was judged.
        previous: the release of each source that it was compared with, where it was: what is accepted of a release in
            between holds too, since that changed then.
    """
    judged = _Judged(day, versions, previous)
    return [
        verdict
        if verdict.passed
        else verdict.model_copy(
            update={
                "findings": tuple(
                    finding if finding.passed else _marked(verdict, finding, accepted, judged)
                    for finding in verdict.findings
                )
            }
        )
        for verdict in verdicts
    ]


def is_about(entry: AcceptedFinding, verdict: Verdict, finding: Finding) -> bool:
    """Return whether an acknowledgement is about a finding, in force or not, large enough or not."""
    if entry.finding is not None:
        return entry.finding == finding.id
    return (
        (entry.suite, entry.expectation) == (verdict.suite, verdict.expectation)
        and entry.source in (None, finding.asset[0])
        and entry.asset in (None, ".".join(finding.asset))
        and entry.scope in (None, finding.scope)
    )


def matching_nothing(entries: Iterable[AcceptedFinding], verdicts: Iterable[Verdict]) -> list[AcceptedFinding]:
    """Return the acknowledgements that no finding of these verdicts needs, in their order."""
    failing = [(verdict, finding) for verdict in verdicts for finding in verdict.failing]
    return [entry for entry in entries if not any(is_about(entry, *found) for found in failing)]


@dataclass(frozen=True)
class _Judged:
    """What was judged: the day of its newest data, the release of each source, and that which it was compared with."""

    day: date
    versions: Mapping[str, str]
    previous: Mapping[str, str]

    def is_under(self, entry: AcceptedFinding, source: str, suite: str) -> bool:
        """Return whether an entry is in force for the release of a source, or for one that was passed over."""
        version, before = self.versions[source], self.previous.get(source)
        passed = [version]
        if before is not None and suite in _BESIDE_THE_PAST:
            span = version_rank(before), version_rank(version)
            passed += [release for release in entry.releases if span[0] < version_rank(release) < span[1]]
        return any(entry.is_in_force(self.day, release) for release in passed)


def _marked(verdict: Verdict, finding: Finding, accepted: Sequence[AcceptedFinding], judged: _Judged) -> Finding:
    if verdict.expectation == COULD_RUN:
        # What nobody has judged, nobody can accept.
        return finding
    about = [entry for entry in accepted if is_about(entry, verdict, finding)]
    in_force = [entry for entry in about if _is_in_force(entry, finding, verdict.suite, judged)]
    # Of several the one that accepts most counts: `affected` is at least 1 where something fails.
    widest = max(in_force, key=lambda entry: (entry.accepted, entry.until or date.max), default=None)
    if widest is None:
        expired = next((entry for entry in about if entry.until is not None and entry.until < judged.day), None)
        return finding if expired is None else replace(finding, remark=f"accepted until {expired.until}, not any more")
    affected = finding.affected or 1
    if affected > widest.accepted:
        return replace(finding, remark=f"{affected:,} affected, more than the {widest.accepted:,} that are accepted")
    return replace(finding, acknowledged=_in_words(widest), acknowledged_until=widest.until)


def _is_in_force(entry: AcceptedFinding, finding: Finding, suite: str, judged: _Judged) -> bool:
    source = entry.source if entry.source is not None and entry.source in judged.versions else finding.asset[0]
    if source in judged.versions:
        return judged.is_under(entry, source, suite)
    # A table of the star is made of several sources: one of the releases that it was built from will do.
    return entry.is_in_force(judged.day, None) or any(
        entry.is_in_force(judged.day, version) for version in judged.versions.values()
    )


def _in_words(entry: AcceptedFinding) -> str:
    until = f" until {entry.until}" if entry.until is not None else f" in {', '.join(entry.releases)}"
    reason = entry.reason.rstrip(".")
    return f"up to {entry.accepted:,} accepted{until} by {entry.by}: {reason} ({entry.reported_to})"
