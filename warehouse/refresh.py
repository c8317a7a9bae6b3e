"""The decisions of a refresh that are not one stage's own: what is new, what to build from, how a run ends.

Orchestration calls these between the stages; a test can do so without it.
"""

from __future__ import annotations

import functools
import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from warehouse.acknowledgements import read_acknowledgements
from warehouse.build import Build, Evidence, evidence_for, input_digest, model_seconds
from warehouse.engine_packages import engine_versions
from warehouse.errors import (
    Degraded,
    IntegrityError,
    SourceBusy,
    SourceError,
    SourceUnreachable,
    UsageError,
    WarehouseError,
)
from warehouse.landing import Choice, Landing, Release
from warehouse.quality.history import EarlierGap, KnownGaps, read_gaps
from warehouse.quality.record import recorded_seconds, recorded_verdicts
from warehouse.room import require_room
from warehouse.run_record import GoodOutcome, RunRecord, at_stage, end_run, failures_of, note_choices
from warehouse.settings import BuildEngine, Settings
from warehouse.site import render_or_say_why
from warehouse.snapshots.catalog import (
    Snapshot,
    current,
    point_current_at,
    refreshed,
    remove_unfinished,
    require_current_readable,
    snapshot,
)
from warehouse.snapshots.counts import land_counts
from warehouse.snapshots.databases import drop_databases
from warehouse.snapshots.manifest import Manifest, SourceFailure
from warehouse.snapshots.publish import WritePages, publish, publish_again
from warehouse.snapshots.pushing import is_pushed, publish_bucket, push
from warehouse.snapshots.table_files import wrong_file
from warehouse.snapshots.verification import is_sound
from warehouse.sources.upstream import ResolvedRelease, Upstream
from warehouse.upstreams import upstreams

log = logging.getLogger("icw.refresh")

# What a try some minutes later may not meet. Wrong bytes, a refusal and what does not exist do not pass with time.
_MAY_PASS = (SourceUnreachable, SourceBusy)


@dataclass(frozen=True)
class Plan:
    """What a refresh has to do.

    `choices` hold what is known of each upstream already: the release that it still has, or why it cannot be asked;
    one that has something new, or does not answer now and is asked again, is left out. `resolved` holds, by source,
    the release and the channel that a look has found, so that the source need not be asked again. `existing` is the
    snapshot that holds all that there is, if there is one.
    """

    choices: tuple[Choice, ...]
    resolved: Mapping[str, ResolvedRelease]
    existing: Snapshot | None


def plan(settings: Settings) -> Plan:
    """Ask the upstreams, with small requests only, whether a refresh would fetch or build anything.

    Raises:
        UsageError: the settings ask for something that does not exist, an engine that cannot run here, or made-up data
            in the place of real data.
        SourceError: no upstream can be asked.
        StorageError: the home cannot be written, or its disk has too little room for what is new.
    """
    landing = Landing(settings.home)
    asked = upstreams(settings)
    require_real_home(settings)
    if settings.engine != "duckdb":
        engine_versions(settings.engine)
    keep_counts(settings.home)
    choices: list[Choice] = []
    silent: list[Choice] = []
    for upstream in asked:
        at_stage(settings.home, f"asking {upstream.title} whether anything is new")
        log.info("Asking %s whether anything is new", upstream.title, extra={"event": "step"})
        try:
            choice = _what_is_known(upstream, landing)
        except SourceError as error:
            choice = _kept(upstream, landing, error)
            if isinstance(error, _MAY_PASS) and settings.source_retries > 0:
                silent.append(choice)
                continue
        if choice is not None:
            choices.append(choice)
            note_choices(settings.home, [choice])
    if len(silent) == len(asked):
        # No network, most likely: who waits for the command is told at once.
        choices = silent
        note_choices(settings.home, choices)
    if len(choices) < len(asked):
        existing = None
    else:
        require_a_source(choices)
        releases = [release for choice in choices if (release := landing.chosen(choice)) is not None]
        existing = existing_snapshot(settings.home, releases, settings.engine)
    if existing is None and (not silent or len(choices) + len(silent) < len(asked)):
        # Where nothing is known to be new, a silent source may turn out to have nothing either: asked before the build.
        _require_room_for_what_is_new(settings, asked, choices)
    resolved = {upstream.source: upstream.resolved for upstream in asked if upstream.resolved is not None}
    return Plan(tuple(choices), resolved, existing)


def _require_room_for_what_is_new(settings: Settings, asked: Sequence[Upstream], choices: Sequence[Choice]) -> None:
    """Refuse before anything is fetched; what is new is taken to be as large as the last load of its source.

    Raises:
        StorageError: the disk has too little room.
    """
    landing, known = Landing(settings.home), {choice.source for choice in choices}
    chosen = [release for choice in choices if (release := landing.chosen(choice)) is not None]
    last = [
        release
        for upstream in asked
        if upstream.source not in known and (release := upstream.last_good(landing)) is not None
    ]
    to_fetch = sum(load.bytes for release in last for load in release.loads)
    require_room(settings, [*chosen, *last], to_fetch=to_fetch)


def land(upstream: Upstream, landing: Landing, *, is_last_try: bool = True) -> Choice:
    """Land what an upstream has now; where that fails, choose its last good release.

    Raises:
        SourceUnreachable, SourceBusy: it does not answer now, and this is not the last try.
        UsageError: the settings ask for something that does not exist.
        StorageError: the home cannot be written.
    """
    log.info("Fetching %s", upstream.title, extra={"event": "step"})
    try:
        release = upstream.land(landing)
    except SourceError as error:
        if isinstance(error, _MAY_PASS) and not is_last_try:
            raise
        return _kept(upstream, landing, error)
    return Choice(source=upstream.source, version=release.version, digest=release.digest)


def require_a_source(choices: Iterable[Choice]) -> None:
    """Stop a run in which every upstream failed: it has nothing to say that the last one has not said.

    Raises:
        SourceError: all of them failed.
    """
    failures = {choice.source: choice.failure for choice in choices}
    if failures and all(failures.values()):
        reasons = [str(failure) for failure in failures.values()]
        raise SourceError(reasons[0] if len(reasons) == 1 else "No source could be refreshed. " + " ".join(reasons))


def require_real_home(settings: Settings) -> None:
    """Keep a sandbox from taking the place of real data in a home that readers use.

    Raises:
        UsageError: the snapshot in service holds real data, and this refresh would replace it by made-up data; or it
            cannot be read.
    """
    require_current_readable(settings.home)
    in_service = current(settings.home)
    if settings.sources == "sandbox" and in_service is not None and not in_service.manifest.synthetic:
        raise UsageError(
            f"The snapshot in service in {settings.home} holds real data ({in_service.id}); a refresh from the sandbox "
            "would put made-up data in its place. Set ICW_HOME to another folder for the sandbox, or use --sources "
            "live."
        )


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


def _pages(settings: Settings) -> WritePages:
    """Return what makes the pages of a snapshot. Altair and vl-convert are imported when it does."""
    return functools.partial(render_or_say_why, settings=settings)


def finish(
    settings: Settings,
    outcome: GoodOutcome,
    snapshot_id: str,
    failures: Sequence[SourceFailure],
) -> None:
    """Publish what is in service to the store, if one is set, and keep how a run ended: `degradation` says what of it.

    Raises:
        StorageError: the home cannot be written.
    """
    not_pushed = None if settings.publish_url is None else _not_pushed(settings, snapshot_id)
    in_service = current(settings.home)
    without_site = None if in_service is None else in_service.manifest.without_site
    is_degraded = bool(failures) or not_pushed is not None or without_site is not None
    end_run(
        settings.home,
        outcome,
        Degraded.exit_code if is_degraded else 0,
        snapshot_id,
        failures,
        not_pushed=not_pushed,
        without_site=without_site,
    )


def degradation(run: RunRecord | None) -> Degraded | None:
    """Return the error with which a run ends that did all that it could and not all that it was to do, or None.

    A program that ends with an exit code raises it; in Dagster the run is green, for what it published is in service.
    """
    if run is None or run.exit_code != Degraded.exit_code:
        return None
    no_site = (
        None if run.without_site is None else f"{run.snapshot_id} is in service without its site: {run.without_site}"
    )
    return Degraded(" ".join([*map(_sentence, run.failures), *filter(None, [run.not_pushed, no_site])]))


def _not_pushed(settings: Settings, snapshot_id: str) -> str | None:
    """Publish a snapshot to the store unless it is there; return why that failed, or None. The next run tries again."""
    at_stage(settings.home, "publishing to the object store")
    try:
        found, bucket = snapshot(settings.home, snapshot_id), publish_bucket(settings)
        if not is_pushed(found, bucket):
            push(found, bucket)
    except WarehouseError as error:
        sentence = f"{snapshot_id} is in service, but did not get to the store: {error}"
        log.warning("%s", sentence, extra={"event": "degraded"})
        return sentence
    return None


def tidy(home: Path) -> None:
    """Remove what broken runs left behind. Only the holder of the refresh lock may do this, after a whole run.

    Raises:
        StorageError: the home cannot be written.
    """
    Landing(home).sweep()
    remove_unfinished(home)
    for scratch in ("builds", "rebuild"):
        shutil.rmtree(home / scratch, ignore_errors=True)


def _what_is_known(upstream: Upstream, landing: Landing) -> Choice | None:
    """Return the release that an upstream still has; None if it has something new.

    Raises:
        SourceError: it cannot be asked.
    """
    release = upstream.unchanged(landing)
    if release is None:
        return None
    return Choice(source=upstream.source, version=release.version, digest=release.digest)


def _kept(upstream: Upstream, landing: Landing, error: SourceError) -> Choice:
    kept, damage = upstream.last_good_and_damage(landing)
    if kept is None and damage:
        # A snapshot without the source would silently take the place of one that has it.
        raise IntegrityError(" ".join([str(error), *damage, "Nothing was built, and what is in service stays."]))
    wrong_bytes = isinstance(error, IntegrityError)
    choice = Choice(
        source=upstream.source,
        version=kept.version if kept else None,
        digest=kept.digest if kept else None,
        failure=" ".join(
            [f"wrong bytes, which do not pass with time: {error}" if wrong_bytes else str(error), *damage]
        ),
    )
    say_degraded(choice, logging.ERROR if wrong_bytes else logging.WARNING)
    return choice


def say_degraded(choice: Choice, level: int) -> None:
    """Log that a source could not be refreshed, and what the build reads of it instead."""
    (failure,) = failures_of([choice])
    log.log(level, "%s", _sentence(failure), extra={"event": "degraded", "source": choice.source})


def _sentence(failure: SourceFailure) -> str:
    stays = f"its load {failure.version} stays" if failure.version else "there is no earlier load, so it is left out"
    return f"{failure.source} could not be refreshed, {stays}: {failure.reason}"
