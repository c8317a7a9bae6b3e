"""The audit of landed data in a refresh: a source whose data has errors keeps what was published of it before.

The other sources are published without waiting for that data to be mended, and the run ends as degraded.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.acknowledgements import read_acknowledgements
from warehouse.build import input_digest
from warehouse.landing import Choice, Landing, Release
from warehouse.process import loading
from warehouse.quality.incidents import keep_incidents
from warehouse.quality.kept_verdicts import KeptVerdicts
from warehouse.quality.record import record_verdicts
from warehouse.quality.verdicts import Verdict, failed_errors, named
from warehouse.refresh import evidence, say_degraded
from warehouse.run_record import note_choices, now
from warehouse.settings import Settings
from warehouse.snapshots.past import last_published, past_of


@dataclass(frozen=True)
class LandedAudit:
    """What the audit has found.

    `found` are the verdicts on all that was chosen, `refused` the choices in the place of releases with errors, and
    `used` the verdicts on what the build reads then.
    """

    found: tuple[Verdict, ...]
    refused: tuple[Choice, ...]
    used: tuple[Verdict, ...]


def audit_selected(settings: Settings, landing: Landing) -> LandedAudit:
    """Judge what is chosen for the next build, choose anew for sources with an error in their data, keep the record.

    Where no source is without an error, or the data in service has one as well, nothing is chosen anew.

    Raises:
        IntegrityError: a landed object is missing or is not readable Parquet, or a manifest cannot be read.
        StorageError: the home cannot be written, or DuckDB has too little memory or room.
    """
    with loading():
        from warehouse.quality.audit import audit_landed

    def judge(releases: Sequence[Release]) -> list[Verdict]:
        bounds = {"threads": settings.threads, "memory_limit": settings.memory_limit}
        past = past_of(settings.home, landing, releases, **bounds)
        kept = KeptVerdicts(settings.home, landing, past)
        return audit_landed(releases, landing, past, accepted=accepted, kept=kept, **bounds)

    started, ended_at = time.monotonic(), now()
    accepted = read_acknowledgements(settings.home).findings
    chosen = landing.selected()
    verdicts = judge(chosen)
    refused = _refused(settings.home, landing, chosen, verdicts)
    used = [verdict for verdict in verdicts if not any(_judges(verdict, choice.source) for choice in refused)]
    for choice in refused:
        say_degraded(choice, logging.ERROR)
        landing.choose(choice)
    note_choices(settings.home, refused)
    if kept := [release for choice in refused if (release := landing.chosen(choice)) is not None]:
        used += judge(kept)
    # What is refused is an incident too, though the build reads an earlier load.
    of_refused = [verdict for verdict in verdicts if any(_judges(verdict, choice.source) for choice in refused)]
    synthetic = any(release.synthetic for release in chosen)
    marked = keep_incidents(settings.home, [*used, *of_refused], ended_at, synthetic=synthetic)
    used, of_refused = marked[: len(used)], marked[len(used) :]
    releases = landing.selected()
    digest = input_digest(releases, evidence(settings.home, releases), settings.engine)
    record_verdicts(settings.home, "landed", digest, used, time.monotonic() - started)
    of_others = [verdict for verdict in used if not any(_judges(verdict, choice.source) for choice in refused)]
    return LandedAudit((*of_others, *of_refused), refused, tuple(used))


def _refused(
    home: Path, landing: Landing, releases: Sequence[Release], verdicts: Sequence[Verdict]
) -> tuple[Choice, ...]:
    """Return the choice in the place of each release with an error, if there is a release without one."""
    failed = failed_errors(verdicts)
    wrong = [release for release in releases if any(_judges(verdict, release.source) for verdict in failed)]
    if len(wrong) == len(releases):
        return ()
    choices: list[Choice] = []
    for release in wrong:
        errors = [verdict for verdict in failed if _judges(verdict, release.source)]
        kept = last_published(home, landing, release.source, synthetic=release.synthetic)
        if kept is not None and kept.digest == release.digest:
            # Readers have this error already, and an older load would take back what they have: a person must decide.
            return ()
        choices.append(
            Choice(
                source=release.source,
                version=kept.version if kept else None,
                digest=kept.digest if kept else None,
                failure=f"the audit found errors in its load {release.version}: {named(errors)}",
            )
        )
    return tuple(choices)


def _judges(verdict: Verdict, source: str) -> bool:
    return any(finding.asset[0] == source for finding in verdict.findings)
