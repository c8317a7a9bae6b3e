"""The form of a rule about values, apart from the rules, so that each area's rules have a module of their own."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.quality.verdicts import Severity


@dataclass(frozen=True)
class ValueRule:
    """A rule in SQL: the rows of `relation` for which `broken` is true break it; `value` is what the verdict quotes."""

    sentence: str
    severity: Severity
    relation: str
    value: str
    broken: str
