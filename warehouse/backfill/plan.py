"""What a backfill finds before it begins: which releases are meant, what of them is there, and what the rest takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.errors import SourceError, UnknownRelease, WarehouseError
from warehouse.landing import Landing, Release
from warehouse.profiles.store import has_profile
from warehouse.settings import Settings
from warehouse.sources.idc import SOURCE, ResolvedRelease, bytes_of, resolve
from warehouse.sources.idc.releases import parse_requested

# What an estimate begins with, until releases that are done say how fast this machine is. Measured with IDC 18.2.0 to
# 25.0.5 on two cores: a profile takes some 5 s and the star of a release with its audit and pages some 75 s.
_BYTES_PER_S = 10_000_000
_PROFILE_S = 5.0
_SNAPSHOT_S = 75.0
# Of a release whose size nobody states; the wheels of IDC have 90 to 130 MB.
_USUAL_BYTES = 110_000_000


@dataclass(frozen=True)
class Planned:
    """One release that is asked for: what of it is there, and what is left to do.

    `landed` is the release where it is landed whole, and `resolved` says where it is to be had where it is not.
    `fetched_bytes` are to be fetched at most: what an interrupted download has left is not taken off; 0 where all is
    landed, None where nobody states it. `error` says why it cannot be had.
    """

    requested: str
    version: str | None
    landed: Release | None = None
    is_profiled: bool = False
    resolved: ResolvedRelease | None = None
    fetched_bytes: int | None = 0
    error: WarehouseError | None = None

    @property
    def expected_s(self) -> float:
        """The seconds that landing and profiling it are expected to take on a machine like that of the figures."""
        if self.error is not None:
            return 0.0
        fetched = _USUAL_BYTES if self.fetched_bytes is None else self.fetched_bytes
        return fetched / _BYTES_PER_S + (0.0 if self.is_profiled else _PROFILE_S)


@dataclass(frozen=True)
class Plan:
    """The releases of a backfill, each once, in the order in which they were named.

    `with_snapshots`: a snapshot of each is published, too.
    """

    releases: tuple[Planned, ...]
    with_snapshots: bool = False

    @property
    def to_fetch(self) -> int:
        """How many releases are not landed, and can be had."""
        return sum(one.landed is None and one.error is None for one in self.releases)

    @property
    def to_profile(self) -> int:
        """How many releases have no profile, those that are to be fetched included."""
        return sum(not one.is_profiled and one.error is None for one in self.releases)

    @property
    def fetched_bytes(self) -> int:
        """The bytes to fetch at most, as far as sizes are known."""
        return sum(one.fetched_bytes or 0 for one in self.releases)

    @property
    def of_unknown_size(self) -> int:
        """How many releases are to be fetched of which nobody states the size."""
        return sum(one.fetched_bytes is None for one in self.releases)

    @property
    def expected_s(self) -> float:
        """The seconds that all of it is expected to take; snapshots that are published already count as well."""
        published = sum(one.error is None for one in self.releases) if self.with_snapshots else 0
        return sum(one.expected_s for one in self.releases) + published * _SNAPSHOT_S

    def left_s(self, done: int, took_s: float) -> float:
        """Return the seconds that are left once the first `done` releases were landed and profiled in `took_s`.

        The rest is expected to be slower or faster than the figures as these were; where nothing was to be done of
        them, they say nothing.
        """
        expected = sum(one.expected_s for one in self.releases[:done])
        pace = took_s / expected if expected > 0 else 1.0
        return (self.expected_s - expected) * pace


def plan(settings: Settings, requested: Sequence[str], *, with_snapshots: bool = False) -> Plan:
    """Look what is there of each release, and ask for the sizes of the others, with small requests only.

    A release that cannot be had is in the plan, with the reason; one that is meant by several names is in it once.

    Raises:
        IntegrityError: the manifest of a landed release cannot be read.
    """
    landing = Landing(settings.home)
    # What cannot be read here ends the backfill; further below it would look like the fault of one release.
    landing.releases(SOURCE)
    plain = settings.model_copy(update={"clinical": ()})
    found: dict[str, Planned] = {}
    for name in requested:
        one = _planned(name, landing, plain)
        found.setdefault(one.version or name, one)
    return Plan(tuple(found.values()), with_snapshots)


def _planned(name: str, landing: Landing, settings: Settings) -> Planned:
    version = parse_requested(name).version
    try:
        landed = None if version is None else _whole(version, landing, settings)
        if landed is None:
            resolved = resolve(name, settings)
            version = resolved.version
            landed = _whole(version, landing, settings)
            if landed is None:
                return Planned(name, version, resolved=resolved, fetched_bytes=bytes_of(resolved, settings))
        return Planned(name, version, landed, has_profile(settings.home, landed))
    except (SourceError, UnknownRelease) as error:
        return Planned(name, version, error=error)


def _whole(version: str, landing: Landing, settings: Settings) -> Release | None:
    """Return the landed release of this version whose files are all as they were landed, the one fetched last."""
    return next(
        (
            release
            for release in reversed(landing.releases(SOURCE))
            if release.version == version
            and (not release.synthetic or settings.sources == "sandbox")
            and not landing.missing_objects(release)
        ),
        None,
    )
