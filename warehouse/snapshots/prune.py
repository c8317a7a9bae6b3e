"""Remove the snapshots that nothing keeps, and the landed loads that no snapshot needs any more.

A snapshot is hidden by one rename and then deleted: a reader sees it whole or not at all, and keeps the files that it
has open. A process that is killed in between leaves hidden folders, which the next prune or publish removes. Profiles,
verdicts, incidents and the counts of loads stay: they are small, and tell of what is gone.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from warehouse.build.versions import major_version, version_rank
from warehouse.contracts import load_contract
from warehouse.errors import UsageError
from warehouse.files import sync_folder, writing_to
from warehouse.landing import Landing, Release
from warehouse.registry import SOURCE_NAMES
from warehouse.snapshots.catalog import Snapshot, current, remove_unfinished, snapshots, snapshots_folder, unreadable
from warehouse.snapshots.databases import forget_database
from warehouse.snapshots.disk import files_below, freed_by_removing
from warehouse.snapshots.retention import Decision, Rules, decisions, protections

log = logging.getLogger("icw.snapshots")


@dataclass(frozen=True)
class PrunePlan:
    """What a prune does: the decision on each snapshot, oldest first, the loads that go, and bytes that this frees."""

    decisions: tuple[Decision, ...]
    loads: tuple[Release, ...]
    snapshot_bytes: int
    landing_bytes: int

    @property
    def removed(self) -> tuple[Snapshot, ...]:
        """The snapshots that go."""
        return tuple(decision.snapshot for decision in self.decisions if not decision.is_kept)


def plan_prune(home: Path, rules: Rules, *, landing: bool) -> PrunePlan:
    """Return what a prune with these rules would do. `landing`: also remove loads that no kept snapshot needs.

    Raises:
        UsageError: no rule is stated; what is in service cannot be read; or, with `landing`, another snapshot cannot,
            so that it is not known what it needs.
        IntegrityError: a citation, the choices or a load manifest cannot be read.
    """
    if rules.are_none:
        raise UsageError(
            "No rule says which snapshots to keep, so nothing is removed. State one or more, e.g. --keep-daily 7 "
            "--keep-weekly 5 --keep-monthly 12, or set ICW_KEEP_DAILY and its like."
        )
    found = tuple(decisions(home, rules))
    removed = [decision.snapshot for decision in found if not decision.is_kept]
    kept = [decision.snapshot for decision in found if decision.is_kept]
    if landing:
        _require_all_readable(home)
    loads = _loads_without_use(home, kept) if landing else ()
    return PrunePlan(
        found,
        loads,
        freed_by_removing(files_below(*(entry.folder for entry in removed))),
        freed_by_removing(_objects_of(Landing(home), loads, kept)),
    )


def prune(home: Path, rules: Rules, *, landing: bool) -> PrunePlan:
    """Remove what the rules do not keep, and return what was done. The caller holds the refresh lock.

    A snapshot that somebody pins or cites while this runs stays.

    Raises:
        UsageError, IntegrityError: as in `plan_prune`; nothing is removed then.
        StorageError: the home cannot be written.
    """
    remove_unfinished(home)
    plan = plan_prune(home, rules, landing=landing)
    spared = {snapshot.id: reasons for snapshot in plan.removed if (reasons := _remove(home, snapshot))}
    done = tuple(Decision(entry.snapshot, spared.get(entry.snapshot.id, entry.reasons)) for entry in plan.decisions)
    if not landing:
        return replace(plan, decisions=done)
    # A snapshot that was spared needs its loads, too.
    kept = [entry.snapshot for entry in done if entry.is_kept]
    loads = _loads_without_use(home, kept)
    for release in loads:
        Landing(home).remove(release)
        log.info("removed the load %s %s", release.source, release.version, extra={"event": "pruned"})
    freed = Landing(home).sweep(_needs(kept)[1])
    return replace(plan, decisions=done, loads=loads, landing_bytes=freed)


def remove_unused_portal_loads(home: Path, fetched_before: datetime) -> tuple[Release, ...]:
    """Remove the loads of portals that no snapshot was built from, and return them. The caller holds the lock.

    They are what an audit has refused, and what pruned snapshots leave. The newest load of each portal stays, what the
    next build is to read too, and so do the loads of sources with versions. Where a snapshot cannot be read, nothing is
    removed: what it needs is not known.

    Raises:
        UsageError: what is in service, or another snapshot, cannot be read.
        IntegrityError: the choices or a load manifest cannot be read.
        StorageError: the home cannot be written.
    """
    _require_all_readable(home)
    kept, landing = snapshots(home), Landing(home)
    if not kept or current(home) is None:
        return ()
    needed, objects = _needs(kept)
    chosen = {choice.digest for choice in landing.choices()}
    loads = tuple(
        release
        for source in SOURCE_NAMES
        if not load_contract(source).one_version
        for release in landing.releases(source)[:-1]
        if (source, release.digest) not in needed
        and release.digest not in chosen
        and release.fetched_at < fetched_before
    )
    for release in loads:
        landing.remove(release)
        log.info("removed the load %s %s", release.source, release.version, extra={"event": "pruned"})
    landing.sweep(objects)
    return loads


def _remove(home: Path, snapshot: Snapshot) -> tuple[str, ...]:
    """Hide a snapshot and delete it; return what protects it after all, where something does since the plan."""
    hidden = snapshots_folder(home) / f".{snapshot.id}.pruned.tmp"
    with writing_to(snapshot.folder):
        os.rename(snapshot.folder, hidden)
        try:
            protected = protections(home, [snapshot]).get(snapshot.id, ())
        except BaseException:
            os.rename(hidden, snapshot.folder)
            raise
        if protected:
            os.rename(hidden, snapshot.folder)
            return protected
        sync_folder(snapshots_folder(home))
        shutil.rmtree(hidden)
    forget_database(home, snapshot.id)
    log.info("removed %s", snapshot.id, extra={"event": "pruned", "snapshot": snapshot.id})
    return ()


def _require_all_readable(home: Path) -> None:
    broken = unreadable(home)
    if broken:
        raise UsageError(
            f"{broken[0].folder.name} {broken[0].reason}, so that it cannot be told which landed files it needs. "
            "Nothing was removed. Restore or remove that folder, or leave out --landing."
        )


def _needs(kept: Iterable[Snapshot]) -> tuple[set[tuple[str, str]], set[str]]:
    """Return the loads (source, digest) and the objects (SHA-256) from which snapshots can be built again."""
    entries = [
        entry
        for snapshot in kept
        for part in (snapshot.manifest.sources, snapshot.manifest.earlier, snapshot.manifest.counts)
        for entry in part
    ]
    objects = {held.sha256 for entry in entries for dataset in entry.datasets for held in dataset.objects}
    return {(entry.source, entry.digest) for entry in entries}, objects


def _loads_without_use(home: Path, kept: Sequence[Snapshot]) -> tuple[Release, ...]:
    """Return the landed loads that no kept snapshot was built from, older than what is newest and what is in service.

    A load that the next build is to read stays, and so does every one of a source that one of these two lacks.
    """
    landing, in_service = Landing(home), current(home)
    nights = [snapshot for snapshot in kept if not snapshot.manifest.retrospective]
    if not nights or in_service is None:
        return ()
    needed, _ = _needs(kept)
    chosen = {choice.digest for choice in landing.choices()}
    # What a build reads of the past, it takes from the landing, whatever is published.
    needed |= {(load.source, load.digest) for load in _evidence(landing)}
    fetched = [{entry.source: entry.fetched_at for entry in held.manifest.sources} for held in (nights[-1], in_service)]
    return tuple(
        release
        for source in SOURCE_NAMES
        if all(source in times for times in fetched)
        for release in landing.releases(source)
        if (source, release.digest) not in needed
        and release.digest not in chosen
        and all(release.fetched_at < times[source] for times in fetched)
    )


def _evidence(landing: Landing) -> list[Release]:
    """Return the landed releases of sources with versions that a build reads as evidence, or may be asked to describe.

    Of each data release the newest version counts, also above the one in service.
    """
    found: list[Release] = []
    for source in SOURCE_NAMES:
        if not load_contract(source).one_version:
            continue
        newest: dict[tuple[int, bool], Release] = {}
        for release in sorted(landing.releases(source), key=lambda release: version_rank(release.version)):
            newest[major_version(release.version), release.synthetic] = release
        found += newest.values()
    return found


def _objects_of(landing: Landing, loads: Sequence[Release], kept: Sequence[Snapshot]) -> list[Path]:
    """Return the objects that go with these loads: those that nothing else names."""
    going = {(release.source, release.digest) for release in loads}
    _, needed = _needs(kept)
    stay = needed | {
        entry.sha256
        for source in landing.sources()
        for release in landing.releases(source)
        if (source, release.digest) not in going
        for load in release.loads
        for entry in load.objects
    }
    named = {entry.sha256 for release in loads for load in release.loads for entry in load.objects}
    return [landing.object_path(digest) for digest in sorted(named - stay)]
