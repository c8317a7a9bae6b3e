"""The form of a conservation rule: two queries that must agree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ConservationRule:
    """Two queries for one integer each (null counts as 0), which must agree; `sentence` says what that means."""

    sentence: str
    landed: str
    star: str
