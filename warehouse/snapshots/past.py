"""What the releases of a refresh are compared with: what was published before them.

A release that an audit has refused is landed too, and the next night would find it normal: of a portal only loads that
a snapshot was published from count. IDC's releases are versions that upstream does not change, and each counts that is
landed, so that those of a backfill do too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from warehouse.build.versions import version_rank
from warehouse.contracts import load_contract
from warehouse.landing import Landing, Release
from warehouse.quality.past import Past
from warehouse.snapshots.catalog import snapshots


def past_of(home: Path, landing: Landing, releases: Sequence[Release]) -> Past:
    """Return what is known from before of the source of each release.

    A previous release whose files are damaged or gone is passed over for the one before it. Made-up data is not held
    against real data, nor the other way round.

    Raises:
        IntegrityError: the manifest of a landed release or of a snapshot cannot be read.
    """
    previous = {}
    for release in releases:
        found = next(
            (earlier for earlier in _before(home, landing, release) if not landing.missing_objects(earlier)), None
        )
        if found is not None:
            previous[release.source] = found
    return Past(previous)


def last_published(home: Path, landing: Landing, source: str, *, synthetic: bool) -> Release | None:
    """Return the release of a source in the newest snapshot that has one which the landing still holds whole, or None.

    Raises:
        IntegrityError: the manifest of a landed release cannot be read.
    """
    landed = {release.digest: release for release in landing.releases(source) if release.synthetic == synthetic}
    published = (
        landed.get(entry.digest)
        for snapshot in reversed(snapshots(home))
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
        for snapshot in snapshots(home)
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
