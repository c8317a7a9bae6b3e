"""What a refresh puts into service: a snapshot that it has already, or one that it publishes of a build."""

from __future__ import annotations

import functools
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from warehouse.acknowledgements import read_acknowledgements
from warehouse.build import Build, Evidence, evidence_for, input_digest, model_seconds
from warehouse.landing import Landing, Release
from warehouse.quality.history import EarlierGap, KnownGaps, read_gaps
from warehouse.quality.record import recorded_seconds, recorded_verdicts
from warehouse.run_record import failures_of
from warehouse.settings import BuildEngine, Settings
from warehouse.site import render_or_say_why
from warehouse.snapshots.catalog import Snapshot, current, point_current_at, refreshed, remove_unfinished
from warehouse.snapshots.counts import land_counts
from warehouse.snapshots.databases import drop_databases
from warehouse.snapshots.manifest import Manifest
from warehouse.snapshots.publish import WritePages, publish, publish_again
from warehouse.snapshots.table_files import wrong_file
from warehouse.snapshots.verification import is_sound

log = logging.getLogger("icw.refresh")


def evidence(home: Path, releases: Sequence[Release]) -> Evidence:
    """Return what a build of these releases reads of the past, and what of it the snapshot in service had and it lacks.

    Raises:
        IntegrityError: the manifest of a landed release, or of landed counts, cannot be read.
    """
    in_service = current(home)
    synthetic = any(release.synthetic for release in releases)
    served: list[str] = []
    if in_service is not None and in_service.manifest.synthetic == synthetic:
        manifest = in_service.manifest
        served = [*(entry.version for entry in manifest.earlier), *(lost.version for lost in manifest.lost)]
    return evidence_for(Landing(home), releases, served)


def keep_counts(home: Path) -> None:
    """Keep the counts of the snapshot in service for the history of those after it, before anything is chosen.

    The run that published it has kept them, unless it was killed or they were lost since.

    Raises:
        IntegrityError: the manifest of landed counts cannot be read.
        StorageError: the home cannot be written.
    """
    in_service = current(home)
    if in_service is not None:
        land_counts(Landing(home), in_service)


def existing_snapshot(home: Path, releases: Sequence[Release], engine: BuildEngine = "duckdb") -> Snapshot | None:
    """Return the newest snapshot that this code made from just these releases, with this engine, or None.

    One that is not in service is read whole before it may be put there again.
    """
    digest = input_digest(releases, evidence(home, releases), engine)
    in_service = current(home)
    made = (found for found in reversed(refreshed(home)) if found.manifest.input_digest == digest)
    return next((found for found in made if found == in_service or is_sound(found)), None)


@dataclass(frozen=True)
class Served:
    """The snapshot that is in service, and whether it was so before (`unchanged`) or has been put there again."""

    snapshot: Snapshot
    outcome: Literal["unchanged", "restored"]


def serve_existing(settings: Settings, existing: Snapshot) -> Served:
    """Keep or put an existing snapshot into service; where its DuckDB file has been dropped, publish its tables again.

    Raises:
        StorageError: the home cannot be written.
    """
    home = settings.home
    in_service = current(home)
    tidy(home)
    if in_service is not None and in_service.id == existing.id:
        return Served(existing, "unchanged")
    if existing.has_database:
        point_current_at(home, existing)
        return Served(existing, "restored")
    again = publish_again(
        home,
        existing,
        write_pages=_pages(settings),
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        group_readable=settings.group_readable,
    )
    drop_databases(home, settings.databases_kept)
    return Served(again, "restored")


def known_gaps(home: Path, build: Build) -> KnownGaps:
    """Return what is known of gaps before a build is judged. Made-up data is not held against real data.

    Raises:
        UsageError: the acknowledgements of the home cannot be read.
    """
    in_service = current(home)
    synthetic = any(release.synthetic for release in build.releases)
    comparable = in_service is not None and in_service.manifest.synthetic == synthetic
    earlier = _gaps_in_service(in_service) if in_service and comparable else {}
    return KnownGaps(earlier, read_acknowledgements(home).gaps)


def _gaps_in_service(snapshot: Snapshot) -> dict[str, EarlierGap]:
    """Return the gaps of a snapshot; none where the file is not as it was published, which the log says."""
    published = snapshot.table("rec_gap")
    if published is None:
        return {}
    if (wrong := wrong_file(snapshot, published)) is not None:
        log.error(
            "%s is not as it was published (`icw verify current`): its gaps are taken for unknown.",
            wrong.path,
            extra={"event": "damaged"},
        )
        return {}
    return read_gaps(snapshot.files_of(published))


def publish_build(home: Path, build: Build, settings: Settings) -> Manifest:
    """Publish an audited build, then remove what is not needed any more.

    Raises:
        IntegrityError: a landed object has changed since the build began.
        AuditFailed: a stage of the audit has not judged this build, or an error stops it.
        StorageError: the home cannot be written.
    """
    # What the models and the audit have read lay there for minutes since it was proven.
    Landing(home).require_intact([*build.releases, *build.evidence.inputs])
    verdicts = recorded_verdicts(home, build.input_digest)
    timings = {"model": model_seconds(build), **recorded_seconds(home, build.input_digest)}
    manifest = publish(
        build,
        verdicts,
        home,
        timings,
        failures=failures_of(Landing(home).choices()),
        write_pages=_pages(settings),
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        group_readable=settings.group_readable,
    )
    keep_counts(home)
    tidy(home)
    drop_databases(home, settings.databases_kept)
    return manifest


def tidy(home: Path) -> None:
    """Remove what broken runs left behind. Only the holder of the refresh lock may do this, after a whole run.

    Raises:
        StorageError: the home cannot be written.
    """
    Landing(home).sweep()
    remove_unfinished(home)
    for scratch in ("builds", "rebuild"):
        shutil.rmtree(home / scratch, ignore_errors=True)


def _pages(settings: Settings) -> WritePages:
    """Return what makes the pages of a snapshot. Altair and vl-convert are imported when it does."""
    return functools.partial(render_or_say_why, settings=settings)
