"""Publish snapshots of past releases; what is in service, and the nights of the home, stay as they are."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from warehouse.acknowledgements import read_acknowledgements
from warehouse.build import Build, Evidence, evidence_for, input_digest, model_seconds, prepare, run_models_apart
from warehouse.build.versions import version_rank
from warehouse.errors import AuditFailed, BuildFailed, IntegrityError, WarehouseError
from warehouse.landing import Landing, Release
from warehouse.process import loading
from warehouse.quality.history import KnownGaps
from warehouse.quality.verdicts import Verdict, require_no_errors
from warehouse.room import require_room
from warehouse.settings import Settings
from warehouse.site import render_or_say_why
from warehouse.snapshots.catalog import Snapshot, remove_unfinished, snapshot, snapshots
from warehouse.snapshots.counts import land_counts
from warehouse.snapshots.databases import drop_databases
from warehouse.snapshots.past import past_of
from warehouse.snapshots.publish import publish
from warehouse.snapshots.verification import is_sound

log = logging.getLogger("icw.backfill")


Outcome = Literal["published", "unchanged", "failed"]


@dataclass(frozen=True)
class PastSnapshot:
    """What became of the snapshot of one past release.

    `unchanged`: there is a sound one already, made by this code of the same input. `failed`: `error` says why, and
    `snapshot_id` is None.
    """

    release: Release
    snapshot_id: str | None
    outcome: Outcome
    seconds: float
    error: WarehouseError | None = None


def publish_past(settings: Settings, releases: Sequence[Release]) -> Iterator[PastSnapshot]:
    """Publish a snapshot of each landed IDC release, the oldest first. The caller holds the refresh lock.

    It holds the release alone: the portals keep no past, and what they hold today was not there then. It is audited as
    in a refresh, but opens and closes no incident, and is marked as retrospective, so that it never goes into service
    and takes no night's place. One that fails does not keep the others from coming.

    Raises:
        StorageError: the home cannot be written.
    """
    landing, home = Landing(settings.home), settings.home
    remove_unfinished(home)
    for done, release in enumerate(sorted(releases, key=lambda one: version_rank(one.version)), start=1):
        started = time.monotonic()
        try:
            evidence = _evidence(landing, release)
            found = _existing(home, input_digest([release], evidence, settings.engine))
            outcome: Outcome = "unchanged" if found is not None else "published"
            if found is None:
                found = _published(settings, landing, release, evidence)
            # Also of one whose process died here: those after it read them.
            land_counts(landing, found)
        except (AuditFailed, BuildFailed, IntegrityError) as error:
            yield PastSnapshot(release, None, "failed", _since(started), error)
        else:
            yield PastSnapshot(release, found.id, outcome, _since(started))
        progress = {"event": "progress", "label": "snapshots", "done": done, "total": len(releases)}
        log.info("snapshot %d of %d", done, len(releases), extra=progress)


def _evidence(landing: Landing, release: Release) -> Evidence:
    """Return what is known from before of IDC alone: counts of the portals are of the years after the release."""
    found = evidence_for(landing, [release])
    return replace(found, counts=tuple(one for one in found.counts if one.loads[0].source == release.source))


def _existing(home: Path, digest: str) -> Snapshot | None:
    """Return the newest sound snapshot that this code made of this input, or None."""
    made = (found for found in reversed(snapshots(home)) if found.manifest.input_digest == digest)
    return next(filter(is_sound, made), None)


def _published(settings: Settings, landing: Landing, release: Release, evidence: Evidence) -> Snapshot:
    """Build, audit and publish the snapshot of a release, and drop its DuckDB file, which its tables hold too."""
    home = settings.home
    require_room(settings, [release])
    log.info("Building the star of IDC %s", release.version, extra={"event": "step"})
    build = prepare(home, landing, [release], settings, evidence)
    try:
        for done, _ in enumerate(run_models_apart(build, settings), start=1):
            # The profile of the tables is one more.
            progress = {"event": "progress", "label": "models", "done": done, "total": len(build.models) + 1}
            log.info("model %d of %d", done, progress["total"], extra=progress)
        log.info("Auditing the star of IDC %s", release.version, extra={"event": "step"})
        started = time.monotonic()
        verdicts = _judged(settings, landing, build)
        audit_s = round(time.monotonic() - started, 3)
        landing.require_intact([*build.releases, *build.evidence.inputs])
        manifest = publish(
            build,
            verdicts,
            home,
            {"model": model_seconds(build), "audit": audit_s},
            write_pages=partial(render_or_say_why, settings=settings),
            threads=settings.threads,
            memory_limit=settings.memory_limit,
            retrospective=True,
            group_readable=settings.group_readable,
        )
    finally:
        shutil.rmtree(build.folder, ignore_errors=True)
    drop_databases(home, settings.databases_kept)
    return snapshot(home, manifest.snapshot_id)


def _judged(settings: Settings, landing: Landing, build: Build) -> list[Verdict]:
    """Return every verdict on a release and on its star.

    Raises:
        AuditFailed: an error was found.
    """
    with loading():
        from warehouse.quality.audit import audit_landed, audit_star

    accepted = read_acknowledgements(settings.home)
    bounds = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    past = past_of(settings.home, landing, build.releases, **bounds)
    verdicts = audit_landed(build.releases, landing, past, accepted=accepted.findings, **bounds)
    require_no_errors(verdicts)
    known = KnownGaps({}, accepted.gaps)
    return [*verdicts, *audit_star(build, known, accepted=accepted.findings, **bounds)]


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)
