"""The form of good data: the night that a defect is seeded into, and what is known from before it."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.landing import Landing, Release
from warehouse.quality.past import Past


@dataclass(frozen=True)
class World:
    """The releases of one source in one landing, oldest first; the last is the night under test.

    Those before it were published one after the other. All of them are good data.
    """

    landing: Landing
    releases: tuple[Release, ...]

    @property
    def night(self) -> Release:
        """The release under test."""
        return self.releases[-1]

    @property
    def earlier(self) -> tuple[Release, ...]:
        """The releases before it, oldest first."""
        return self.releases[:-1]

    def until(self, count: int) -> World:
        """Return the world as it was when `count` of its releases had been landed."""
        return World(self.landing, self.releases[:count])

    def without_past(self) -> Past:
        """Return the past of the night of which no profile is known."""
        return Past({self.night.source: self.earlier[-1]} if self.earlier else {})
