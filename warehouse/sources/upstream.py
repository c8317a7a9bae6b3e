"""One source as a refresh sees it: is there anything new, land it, and what remains when that fails.

What belongs here: what a refresh wants of every source alike. How a source is asked is the business of the rooms below.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from warehouse.errors import SourceError
from warehouse.landing import Landing, Release
from warehouse.registry import SourceSpec
from warehouse.settings import Settings

log = logging.getLogger("icw.refresh")


@dataclass(frozen=True)
class ResolvedRelease:
    """A concrete release and the channel that serves it: the first in order of preference that answered and has it.

    `passed_over` holds one sentence for each channel before it.
    """

    version: str
    channel: str
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class UpstreamState:
    """What an upstream holds now, as a phrase; None, and `problem` has the reason, if it gave no usable response.

    `synthetic` means that a sandbox answered, as far as shows without fetching data.
    """

    source: str
    address: str
    holds: str | None = None
    problem: str | None = None
    synthetic: bool = False


class Upstream(ABC):
    """One source as a refresh sees it. Synthetic data is refused unless the settings ask for the sandbox.

    `resolved` is the release that a look at the upstream has found, for sources that name theirs before they are asked
    for data.
    """

    def __init__(self, spec: SourceSpec, settings: Settings, resolved: ResolvedRelease | None = None) -> None:
        """`resolved` spares asking a second time which release is meant and who serves it."""
        self.source = spec.name
        self.title = spec.title
        self.resolved = resolved
        self._settings = settings

    @abstractmethod
    def look(self, landing: Landing) -> UpstreamState:
        """Ask, in a few small requests, what the upstream holds now. An error is returned as `problem`."""

    @abstractmethod
    def _unchanged(self, landing: Landing) -> Release | None: ...

    @abstractmethod
    def _news(self, landing: Landing) -> str | None: ...

    @abstractmethod
    def _land(self, landing: Landing) -> Release: ...

    def unchanged(self, landing: Landing) -> Release | None:
        """Return the landed release if it is still all that the upstream has, else None. Fetches no data.

        Raises:
            UsageError: the settings ask for something that does not exist.
            SourceError: the upstream gives no usable response, or synthetic data.
        """
        with self._malformed_as_source_error():
            release = self._unchanged(landing)
        return None if release is None else self._accepted(release)

    def news(self, landing: Landing) -> str | None:
        """Return what names a release or an index that is not landed, None where there is none.

        Sends as few requests as can be: that nothing is named does not mean that nothing has changed, but where
        something is, `unchanged` finds a change too.

        Raises:
            UsageError: the settings ask for something that does not exist.
            SourceError: the upstream gives no usable response, or synthetic data.
        """
        with self._malformed_as_source_error():
            return self._news(landing)

    def land(self, landing: Landing) -> Release:
        """Bring what the upstream has now into the landing, whole, and return it.

        Raises:
            UsageError: the settings ask for something that does not exist.
            SourceError: it cannot be fetched, is not complete, or is synthetic. What was landed before is still there.
            StorageError: the home cannot be written.
        """
        with self._malformed_as_source_error():
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
    def _malformed_as_source_error(self) -> Iterator[None]:
        """Let a response of unforeseen form fail this source alone, as a `SourceError`."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            log.debug("%s", self.title, exc_info=True)
            why = (str(error).splitlines() or [""])[0]
            raise SourceError(
                f"{self.title[0].upper()}{self.title[1:]} sent a response of unforeseen form "
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


def refusal(source: str, address: str) -> SourceError:
    """Return the error for synthetic data where real data was asked for."""
    return SourceError(
        f"{source}: {address} serves synthetic data (marked as such), and a refresh from the live "
        "services takes none. Point the address at the real service, or run `icw refresh --sources sandbox`."
    )
