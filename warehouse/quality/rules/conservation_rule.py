"""The form of a conservation rule: two queries that must agree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ConservationRule:
    """Two queries for one integer each (null counts as 0), which must agree; `sentence` says what that means."""

    sentence: str
    landed: str
    star: str


def plausible(column: str) -> str:
    """Return a landed count or size (SQL) as the models take it: null where it is negative or no thousand add up."""
    return f"case when {column} between 0 and 9007199254740992 then {column} end"


def states(column: str) -> str:
    """Return the condition (SQL) that a landed column holds more than white space.

    What begins with a visible ASCII character need not be trimmed to see that, which takes ten times as long.
    """
    return f"(({column} >= '!' and {column} < chr(127)) or trim({column}) <> '')"
