"""The earlier IDC releases that a build reads beside the one that it describes: evidence for what changed, and when."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

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
    """The earlier IDC releases that a build reads, the oldest first, and those that it should read and cannot."""

    releases: tuple[Release, ...] = ()
    lost: tuple[LostRelease, ...] = ()


NO_EVIDENCE = Evidence()
"""What a build reads where no earlier release is landed."""


def evidence_for(landing: Landing, releases: Sequence[Release], served: Collection[str] = ()) -> Evidence:
    """Return the earlier releases that a build of `releases` reads, each with its series alone.

    These are, of each data release below the IDC release of the build, the newest version in the landing; made-up data
    is no evidence for real data, nor the other way round. The choice depends on what is landed, not on when or from
    where. One whose file is damaged or gone is left out and named as lost: a build needs none of them, but what it
    tells of the past changes without one. So is a data release of which the landing has no version any more, where
    `served` has one: the versions that were evidence, or lost, in the snapshot in service.

    Raises:
        IntegrityError: the manifest of a landed release cannot be read.
    """
    described = next((release for release in releases if release.source == "idc"), None)
    if described is None:
        return NO_EVIDENCE
    newest: dict[int, Release] = {}
    for release in sorted(map(_series_alone, landing.releases("idc")), key=_order):
        version = _major(release.version)
        if release.loads and version < major_version(described) and release.synthetic == described.synthetic:
            newest[version] = release
    damage = {version: " ".join(landing.damage(release)) for version, release in newest.items()}
    lost = {version: _lost(newest[version].version, reason) for version, reason in damage.items() if reason}
    for name in sorted(served, key=_rank):
        version = _major(name)
        if version < major_version(described) and version not in newest:
            lost[version] = _lost(name, f"The landing does not have idc {name} any more.")
    for _, entry in sorted(lost.items()):
        log.warning("%s", entry.reason, extra={"event": "damaged"})
    return Evidence(
        tuple(newest[version] for version in sorted(newest) if version not in lost),
        tuple(lost[version] for version in sorted(lost)),
    )


def major_version(release: Release) -> int:
    """Return the number of the data release, e.g. 25 of 25.0.5; 0 where the version does not begin with a number."""
    return _major(release.version)


def _major(version: str) -> int:
    first = version.split(".")[0]
    return int(first) if first.isascii() and first.isdigit() else 0


def _series_alone(release: Release) -> Release:
    load = release.load_of(INDEX)
    return release.model_copy(update={"loads": (load,) if load is not None and load.status == "landed" else ()})


def _order(release: Release) -> tuple[list[tuple[int, str]], str]:
    return _rank(release.version), release.digest


def _rank(version: str) -> list[tuple[int, str]]:
    """Order versions by their numbers: 9.0.1 before 10.0.0."""
    return [(int(part) if part.isascii() and part.isdigit() else 0, part) for part in version.split(".")]


def _lost(version: str, damage: str) -> LostRelease:
    return LostRelease(
        version,
        f"What changed since idc {version} is told without it; `icw refresh --idc {version}` lands it anew. {damage}",
    )
