"""Rows that a test measured, as the profile that the engine judges."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.quality.suite import Profile, ProfileRow, StarSuite


def profile_of(suite: StarSuite, rows: Sequence[ProfileRow]) -> Profile:
    """Return rows of a suite over the star as a profile, all of them on the suite's default asset."""
    return suite.profile("star", rows, (), suite.default)
