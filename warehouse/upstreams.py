"""The three upstreams behind one interface: is there anything new, land it, and what remains when that fails.

What belongs here: what a refresh wants of every source alike. How a source is asked is the business of
`warehouse.sources`.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from warehouse.errors import SourceError, SourceUnreachable, UsageError
from warehouse.landing import Landing, Release
from warehouse.public_text import public_url
from warehouse.quality.acknowledgements import read_acknowledgements
from warehouse.settings import Settings
from warehouse.sources import gen3, idc
from warehouse.sources.gen3 import GuppySystem
from warehouse.sources.idc.releases import parse_requested

log = logging.getLogger("icw.refresh")


@dataclass(frozen=True)
class UpstreamState:
    """What an upstream holds now, in words; None, and `problem` says why, where it did not answer usably.

    `synthetic` says that a stand-in answered, as far as can be told without fetching data.
    """

    source: str
    address: str
    holds: str | None = None
    problem: str | None = None
    synthetic: bool = False


class Upstream(ABC):
    """One source as a refresh sees it. Made-up data is refused unless the settings ask for the sandbox."""

    source: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @abstractmethod
    def look(self, landing: Landing) -> UpstreamState:
        """Ask, in a few small requests, what the upstream holds now. What goes wrong is in the answer."""

    @abstractmethod
    def _unchanged(self, landing: Landing) -> Release | None: ...

    @abstractmethod
    def _land(self, landing: Landing) -> Release: ...

    def unchanged(self, landing: Landing) -> Release | None:
        """Return the landed release if it is still all that the upstream has, else None. Fetches no data.

        Raises:
            UsageError: the settings ask for something that does not exist.
            SourceError: the upstream does not answer, not usably, or with made-up data.
        """
        with self._understanding():
            release = self._unchanged(landing)
        return None if release is None else self._accepted(release)

    def land(self, landing: Landing) -> Release:
        """Bring what the upstream has now into the landing, whole, and return it.

        Raises:
            UsageError: the settings ask for something that does not exist.
            SourceError: it cannot be had, not whole, or is made up. What was landed before is still there.
            StorageError: the home cannot be written.
        """
        with self._understanding():
            release = self._land(landing)
        return self._accepted(release)

    def last_good(self, landing: Landing) -> Release | None:
        """Return the newest landed release that a refresh with these settings may publish, or None.

        One whose objects are not what was landed is passed over.
        """
        return self.last_good_and_damage(landing)[0]

    def last_good_and_damage(self, landing: Landing) -> tuple[Release | None, list[str]]:
        """Return what `last_good` does, and a sentence for each damaged object of the newer releases passed over."""
        candidates = [release for release in landing.releases(self.source) if self._acceptable(release)]
        damage: list[str] = []
        # Newest first, so that the objects of the older ones, which can be many, are not all read.
        while (newest := self._newest(candidates)) is not None:
            found = landing.damage(newest)
            if not found:
                return newest, damage
            damage += found
            candidates = [release for release in candidates if release is not newest]
        return None, damage

    @contextmanager
    def _understanding(self) -> Iterator[None]:
        """Let an answer that nobody has thought of stop this source alone: the others know nothing of it."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            log.debug("%s", self.title, exc_info=True)
            why = (str(error).splitlines() or [""])[0]
            raise SourceError(
                f"{self.title[0].upper()}{self.title[1:]} answers with something that cannot be understood "
                f"({type(error).__name__}: {why}). Look at what it sends, or report it; the last good load stays."
            ) from error

    def _newest(self, candidates: Sequence[Release]) -> Release | None:
        return candidates[-1] if candidates else None

    def _acceptable(self, release: Release) -> bool:
        return not release.synthetic or self._settings.sources == "sandbox"

    def _accepted(self, release: Release) -> Release:
        if not self._acceptable(release):
            raise refusal(self.source, release.loads[0].url)
        return release


class IdcUpstream(Upstream):
    """The IDC index artifacts, of the release that the settings name."""

    source = "idc"
    title = "IDC"

    def __init__(self, settings: Settings, resolved: idc.ResolvedRelease | None = None) -> None:
        """`resolved` spares asking a second time which release is meant and who serves it."""
        super().__init__(settings)
        self.resolved = resolved

    def look(self, landing: Landing) -> UpstreamState:
        """See `Upstream.look`."""
        try:
            with self._understanding():
                found = self._resolve()
        except SourceError as error:
            return UpstreamState(self.source, public_url(self._settings.idc_url), problem=str(error))
        address = {
            "bucket": public_url(self._settings.idc_url),
            "github": public_url(self._settings.idc_github_url),
            "wheel": "idc-index-data in the package index of this machine",
        }[found.channel]
        return UpstreamState(self.source, address, f"release {found.version} ({found.channel})")

    def _unchanged(self, landing: Landing) -> Release | None:
        try:
            resolved = self._resolve_no_older(landing)
        except SourceUnreachable as error:
            release = self._named_and_landed(landing)
            if release is None:
                raise
            log.warning("%s IDC %s is landed, so nobody needs to be asked.", error, release.version)
            return release
        return None if idc.needs_fetch(resolved, landing) else landing.release(self.source, resolved.version)

    def _land(self, landing: Landing) -> Release:
        return idc.land(self._resolve_no_older(landing), landing, self._settings)

    def _newest(self, candidates: Sequence[Release]) -> Release | None:
        """Return the newest release that the person asked for: another one than a named one never stands in for it."""
        by_version = {release.version: release for release in candidates}
        fitting = parse_requested(self._settings.idc_version).newest_first(by_version)
        return by_version[fitting[0]] if fitting else None

    def _named_and_landed(self, landing: Landing) -> Release | None:
        """Return the landed release if the settings name it in full: what a version holds never changes."""
        named = parse_requested(self._settings.idc_version).version
        return None if named is None else self.last_good(landing)

    def _resolve_no_older(self, landing: Landing) -> idc.ResolvedRelease:
        """Find out which release is meant. A channel that lags behind does not take the warehouse back in time.

        Raises:
            SourceUnreachable: the channels that know best do not answer, and the next one names an older release than
                the newest that is landed.
        """
        resolved = self._resolve()
        landed = self.last_good(landing) if resolved.passed_over else None
        if landed is None:
            return resolved
        newest = parse_requested(self._settings.idc_version).newest_first([resolved.version, landed.version])
        if newest and newest[0] == landed.version != resolved.version:
            raise SourceUnreachable(
                f"The newest release that {resolved.channel} names is IDC {resolved.version}, but {landed.version} is "
                f"landed. {' '.join(resolved.passed_over)} An older release is published only where it is named: "
                f"icw refresh --idc {resolved.version}."
            )
        return resolved

    def _resolve(self) -> idc.ResolvedRelease:
        if self.resolved is None:
            self.resolved = idc.resolve(self._settings.idc_version, self._settings)
        return self.resolved


class GuppyUpstream(Upstream):
    """A portal with a Guppy: all its types and what it says of itself."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._system = self._of(settings)

    @staticmethod
    @abstractmethod
    def _of(settings: Settings) -> GuppySystem: ...

    def look(self, landing: Landing) -> UpstreamState:
        """See `Upstream.look`."""
        try:
            with self._understanding():
                state = gen3.resolve_system(self._system, landing, self._settings)
        except SourceError as error:
            return UpstreamState(self.source, public_url(self._system.base_url), problem=str(error))
        total = sum(state.totals.values())
        news = f"new or changed: {', '.join(state.changed)}" if state.changed else "as landed"
        holds = f"{total:,} records in {len(state.totals)} types; {news}"
        return UpstreamState(self.source, public_url(self._system.base_url), holds, synthetic=state.synthetic)

    def _unchanged(self, landing: Landing) -> Release | None:
        return gen3.proven_unchanged(self._system, landing, self._settings)

    def _land(self, landing: Landing) -> Release:
        state = gen3.resolve_system(self._system, landing, self._settings)
        if state.synthetic and self._settings.sources == "live":
            # Before the records are fetched: a stand-in is told by its first answer.
            raise refusal(self.source, self._system.base_url)
        accepted = read_acknowledgements(self._settings.home).losses_of(self.source, datetime.now(UTC).date())
        return gen3.land_system(self._system, landing, self._settings, accepted)


class MidrcUpstream(GuppyUpstream):
    """The MIDRC data portal."""

    source = "midrc"
    title = "the MIDRC portal"

    @staticmethod
    def _of(settings: Settings) -> GuppySystem:
        return gen3.midrc(settings)


class BihUpstream(GuppyUpstream):
    """The BDF Imaging Hub."""

    source = "bih"
    title = "the BDF Imaging Hub"

    @staticmethod
    def _of(settings: Settings) -> GuppySystem:
        return gen3.bih(settings)


def upstreams(settings: Settings) -> tuple[Upstream, ...]:
    """Return the upstreams that the settings name, in the order in which a refresh asks them.

    Raises:
        UsageError: the settings ask for a sandbox and do not say where it is.
    """
    if settings.sources == "sandbox" and settings.sandbox_url is None:
        raise UsageError(
            "ICW_SOURCES is sandbox, and ICW_SANDBOX_URL does not say where it answers. Start one with `icw sandbox "
            "serve` and set ICW_SANDBOX_URL, or run `icw refresh --sources sandbox`, which starts its own."
        )
    known: tuple[type[Upstream], ...] = (IdcUpstream, MidrcUpstream, BihUpstream)
    return tuple(upstream(settings) for upstream in known if upstream.source in settings.upstreams)


def refusal(source: str, address: str) -> SourceError:
    """Return the error for made-up data where real data was asked for."""
    return SourceError(
        f"{source}: {address} answers with made-up data (it marks itself as synthetic), and a refresh from the live "
        "services takes none. Point the address at the real service, or run `icw refresh --sources sandbox`."
    )
