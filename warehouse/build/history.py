"""What a build reads beside the loads that it describes: evidence for what changed since earlier ones, and when."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from warehouse.build.count_history import counts_of_earlier_loads
from warehouse.build.versions import major_version, version_rank
from warehouse.landing import Landing, Release

log = logging.getLogger("icw.build")

INDEX = "idc_index"
"""The one dataset of an earlier release that is read."""


@dataclass(frozen=True)
class LostRelease:
    """An earlier IDC release that should be evidence and cannot be read; `reason` says why, and what brings it back."""

    version: str
    reason: str


@dataclass(frozen=True)
class Evidence:
    """What a build reads of the past beside the loads that it describes.

    `releases` are the earlier IDC releases, the oldest first, each with its series alone; `counts` those of earlier
    loads of each source; `lost` the earlier IDC releases that it should read and cannot.
    """

    releases: tuple[Release, ...] = ()
    counts: tuple[Release, ...] = ()
    lost: tuple[LostRelease, ...] = ()

    @property
    def inputs(self) -> tuple[Release, ...]:
        """All that is read, in a fixed order."""
        return *self.releases, *self.counts


NO_EVIDENCE = Evidence()
"""What a build reads where nothing earlier is landed."""


def evidence_for(landing: Landing, releases: Sequence[Release], served: Collection[str] = ()) -> Evidence:
    """Return what a build of `releases` reads of the past.

    The earlier releases are, of each data release below the IDC release of the build, the newest version in the
    landing; made-up data is no evidence for real data, nor the other way round. The choice depends on what is landed,
    not on when or from where. One whose file is damaged or gone is left out and named as lost: a build needs none of
    them, but what it tells of the past changes without one. So is a data release of which the landing has no version
    any more, where `served` has one: the versions of IDC that were evidence, or lost, in the snapshot in service.

    Raises:
        IntegrityError: the manifest of a landed release cannot be read.
    """
    counts = counts_of_earlier_loads(landing, releases)
    described = next((release for release in releases if release.source == "idc"), None)
    if described is None:
        return Evidence(counts=counts)
    newest: dict[int, Release] = {}
    for release in sorted(
        map(_series_alone, landing.releases("idc")), key=lambda release: (version_rank(release.version), release.digest)
    ):
        version = major_version(release.version)
        if release.loads and version < major_version(described.version) and release.synthetic == described.synthetic:
            newest[version] = release
    damage = {version: " ".join(landing.damage(release)) for version, release in newest.items()}
    lost = {version: _lost(newest[version].version, reason) for version, reason in damage.items() if reason}
    for name in sorted(served, key=version_rank):
        version = major_version(name)
        if version < major_version(described.version) and version not in newest:
            lost[version] = _lost(name, f"The landing does not have idc {name} any more.")
    for _, entry in sorted(lost.items()):
        log.warning("%s", entry.reason, extra={"event": "damaged"})
    return Evidence(
        tuple(newest[version] for version in sorted(newest) if version not in lost),
        counts,
        tuple(lost[version] for version in sorted(lost)),
    )


def _series_alone(release: Release) -> Release:
    load = release.load_of(INDEX)
    return release.model_copy(update={"loads": (load,) if load is not None and load.status == "landed" else ()})


def _lost(version: str, damage: str) -> LostRelease:
    return LostRelease(
        version,
        f"What changed since idc {version} is told without it; `icw refresh --idc {version}` lands it anew. {damage}",
    )
