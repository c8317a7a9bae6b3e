"""What a build reads beside the loads that it describes: evidence for what changed since earlier ones, and when."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from warehouse.build.count_history import counts_of_earlier_loads
from warehouse.build.versions import major_version, version_rank
from warehouse.landing import Landing, Release

log = logging.getLogger("icw.build")

INDEX = "idc_index"
"""The one dataset of an earlier release that is read."""


def earlier_releases(landing: Landing, releases: Sequence[Release]) -> tuple[Release, ...]:
    """Return what a build of `releases` reads as evidence: earlier IDC releases, and the counts of earlier loads.

    Raises:
        IntegrityError: the manifest of a landed release cannot be read.
    """
    return *_earlier_series(landing, releases), *counts_of_earlier_loads(landing, releases)


def _earlier_series(landing: Landing, releases: Sequence[Release]) -> tuple[Release, ...]:
    """Return the earlier IDC releases, the oldest first, each with its series alone.

    These are, of each data release below the IDC release of the build, the newest version in the landing; made-up data
    is no evidence for real data, nor the other way round. The choice depends on what is landed, not on when or from
    where. One whose file is damaged or gone is left out, and the log says so: a build needs none of them.
    """
    described = next((release for release in releases if release.source == "idc"), None)
    if described is None:
        return ()
    newest: dict[int, Release] = {}
    for release in sorted(
        map(_series_alone, landing.releases("idc")), key=lambda release: (version_rank(release), release.digest)
    ):
        version = major_version(release)
        if release.loads and version < major_version(described) and release.synthetic == described.synthetic:
            newest[version] = release
    return tuple(newest[version] for version in sorted(newest) if _is_intact(landing, newest[version]))


def _series_alone(release: Release) -> Release:
    load = release.load_of(INDEX)
    return release.model_copy(update={"loads": (load,) if load is not None and load.status == "landed" else ()})


def _rank(release: Release) -> tuple[list[tuple[int, str]], str]:
    return version_rank(release), release.digest


def _is_intact(landing: Landing, release: Release) -> bool:
    damage = landing.damage(release)
    if damage:
        log.warning(
            "%s The build goes on without this release as evidence of earlier versions; land it anew with "
            "`icw refresh --idc %s` to have it back.",
            " ".join(damage),
            release.version,
            extra={"event": "damaged"},
        )
    return not damage
