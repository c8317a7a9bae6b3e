"""What the releases of a refresh are compared with: what was published before them.

A release that an audit has refused is landed too, and the next night would find it normal: of a portal only loads that
a snapshot was published from count. IDC's releases are versions that upstream does not change, and each counts that is
landed or backfilled.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from warehouse.build.versions import version_rank
from warehouse.contracts import load_contract
from warehouse.errors import IntegrityError
from warehouse.landing import Landing, Release
from warehouse.profiles.store import measure_lacking, profile_of
from warehouse.quality.past import Past, PastProfile
from warehouse.snapshots.catalog import refreshed

log = logging.getLogger("icw.snapshots")


PROFILES_READ = 100
"""How many profiles before a release are read, the newest: of nights, those of the last three months or so."""


def past_of(
    home: Path, landing: Landing, releases: Sequence[Release], *, threads: int = 2, memory_limit: str = "1GB"
) -> Past:
    """Return what is known from before of the source of each release.

    A previous release whose files are damaged or gone is passed over for the one before it. Made-up data is not held
    against real data, nor the other way round. A release without a profile is profiled now, within `threads` and
    `memory_limit`; one that has none and cannot be read is left out.

    Raises:
        IntegrityError: the manifest of a landed release or of a snapshot cannot be read.
        StorageError: a profile is lacking, and the home cannot be written.
    """
    previous: dict[str, Release] = {}
    profiles: dict[str, tuple[PastProfile, ...]] = {}
    own: dict[str, Path] = {}
    measure_lacking(home, landing, releases, threads=threads, memory_limit=memory_limit)
    for release in releases:
        # What is damaged, the audit itself says.
        with suppress(IntegrityError):
            own[release.source] = profile_of(home, landing, release, threads=threads, memory_limit=memory_limit)
        before = list(_before(home, landing, release))
        found = next((earlier for earlier in before if not landing.missing_objects(earlier)), None)
        if found is not None:
            previous[release.source] = found
        profiled: list[PastProfile] = []
        for earlier in _each_once(before):
            if len(profiled) == PROFILES_READ:
                break
            try:
                file = profile_of(home, landing, earlier, threads=threads, memory_limit=memory_limit)
            except IntegrityError as error:
                log.warning("%s", error, extra={"event": "damaged"})
                continue
            profiled.append(PastProfile(earlier.version, earlier.fetched_at, file))
        profiles[release.source] = tuple(reversed(profiled))
    return Past(previous, profiles, own)


def _each_once(before: Iterable[Release]) -> Iterable[Release]:
    """Yield of releases, the last one first, one a version where versions do not change, else all."""
    seen: set[str] = set()
    for earlier in before:
        if load_contract(earlier.source).one_version and earlier.version in seen:
            continue
        seen.add(earlier.version)
        yield earlier


def last_published(home: Path, landing: Landing, source: str, *, synthetic: bool) -> Release | None:
    """Return the release of a source in the newest snapshot that has one which the landing still holds whole, or None.

    Raises:
        IntegrityError: the manifest of a landed release cannot be read.
    """
    landed = {release.digest: release for release in landing.releases(source) if release.synthetic == synthetic}
    published = (
        landed.get(entry.digest)
        for snapshot in reversed(refreshed(home))
        for entry in snapshot.manifest.sources
        if entry.source == source
    )
    return next((found for found in published if found is not None and not landing.missing_objects(found)), None)


def _before(home: Path, landing: Landing, release: Release) -> Iterable[Release]:
    """Yield the landed releases of a source that come before `release`, the last one first."""
    landed = [earlier for earlier in landing.releases(release.source) if earlier.synthetic == release.synthetic]
    if load_contract(release.source).one_version:
        rank = version_rank(release.version)
        yield from sorted(
            (earlier for earlier in landed if version_rank(earlier.version) < rank),
            key=lambda earlier: (version_rank(earlier.version), earlier.fetched_at, earlier.digest),
            reverse=True,
        )
        return
    published = {
        entry.digest
        for snapshot in refreshed(home)
        for entry in snapshot.manifest.sources
        if entry.source == release.source
    }
    yield from sorted(
        (
            earlier
            for earlier in landed
            if earlier.digest in published
            and earlier.digest != release.digest
            and earlier.fetched_at < release.fetched_at
        ),
        key=lambda earlier: (earlier.fetched_at, earlier.digest),
        reverse=True,
    )
